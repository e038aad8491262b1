"""Search: finding records, the words it knows, and what can be done from it."""
