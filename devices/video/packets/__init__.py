"""Encoded pictures: what one is, the last of them in memory, and their decoder."""
