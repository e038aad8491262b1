"""Taking files in: reading, deciding, cleaning, staging and writing, in that order (docs/import.md)."""
