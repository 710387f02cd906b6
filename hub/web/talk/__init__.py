"""Talks with visitors, passed on to the process that has the doors' speakers and microphones."""
