"""The larger tables of the settings."""
