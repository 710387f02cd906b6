"""Writes events to the journal, publishes them, and replies to queries."""
