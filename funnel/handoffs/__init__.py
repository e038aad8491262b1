"""What both sides promised each other about hand-offs, and kept."""
