"""Servers that the tests start: real ones where they are installed, and stand-ins for others."""
