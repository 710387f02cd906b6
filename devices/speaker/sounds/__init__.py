"""Sounds: built in or from files, as samples, and mixed."""
