"""Restore: puts a backup in place of what is there."""
