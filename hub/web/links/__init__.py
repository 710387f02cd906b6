"""Answer links and press addresses: each holds its own key, so they need no login."""
