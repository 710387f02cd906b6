"""Moves state files to the folders of their processes, and back."""
