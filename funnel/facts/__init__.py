"""Facts and cells: told from the log, kept true by the outbox, rebuilt and checked."""
