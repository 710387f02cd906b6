"""What a process keeps in its state file: journal, inbox, cursors, history and memory."""
