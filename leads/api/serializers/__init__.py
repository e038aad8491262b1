"""Bodies of this room's resources, one file a subject."""
