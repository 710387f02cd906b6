"""The SQLite file of a process: journal, inbox, history and memory."""
