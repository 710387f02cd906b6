"""Runs a handler file as one member of a consumer group, with its state in PostgreSQL."""
