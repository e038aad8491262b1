"""This room's resources, one file a subject."""
