"""Passwords, access rights and certificates for the broker."""
