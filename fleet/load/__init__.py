"""What a fleet does under load, in figures: `make fleet`."""
