"""How accounts keep time, from what was fitted on real traffic: habits, and the draws from them."""
