"""Queries and replies: what is asked, how large they may be, and which replies are read."""
