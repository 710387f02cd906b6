"""Backup: copies settings, handlers, passwords and state into one file."""
