"""What this process tells others: its events, what is owed of them, and when they may go."""
