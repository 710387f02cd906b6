"""Backup and restore of settings, handlers, passwords and state."""
