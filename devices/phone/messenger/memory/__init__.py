"""What a messenger remembers: what was sent to whom, how often it was tried, and what failed."""
