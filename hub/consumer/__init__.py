"""Takes in events, runs the handler's function, and records the outcome."""
