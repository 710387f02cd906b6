"""Reads TOML as people write it: what is wrong in a text, where, and what to write."""
