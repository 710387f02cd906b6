"""Over a hundred notification services, through the library Apprise."""
