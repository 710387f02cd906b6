"""What every response has: its headers, its form, and the reader's language."""
