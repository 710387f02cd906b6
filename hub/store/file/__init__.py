"""The state file of a process: opening, schema, epochs, and the copy in memory for a full disk."""
