"""Who may see the page: one household password, one signed cookie a phone, one-time addresses."""
