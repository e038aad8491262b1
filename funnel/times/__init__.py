"""How long things take, and what becomes of leads with time."""
