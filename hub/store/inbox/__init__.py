"""What others tell this process: the events that it has taken, its timers and its records."""
