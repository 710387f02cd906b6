"""Speakers, sounds and voices."""
