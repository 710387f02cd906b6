"""How the settings are read: from the file, and from the environment over it."""
