"""A drill on demand: a test press, who reacts to it, and what a dead handler does to it."""
