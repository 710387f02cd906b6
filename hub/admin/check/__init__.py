"""Checks of settings and handler files before they are used."""
