"""Lamps of several makes."""
