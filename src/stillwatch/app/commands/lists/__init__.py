"""Lists that prompts are looked up in: the commands that make, show and use them."""
