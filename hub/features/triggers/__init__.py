"""Messages of other devices that become events, by settings alone."""
