"""Home Assistant finds the hub and its doors by itself, and sees each ring once."""
