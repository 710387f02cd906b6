"""Pictures on the broker: published, made to fit, and cleared when they must not be kept."""
