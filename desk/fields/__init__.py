"""The fields of records that are edited where they stand: how one is asked for and shown, and which each kind has."""
