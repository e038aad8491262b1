"""Who is credited for what was won: the ledger, and what campaigns cost and brought."""
