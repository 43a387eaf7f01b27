"""Who is there: people, applications, teams and campaigns, one module a kind."""
