"""For engineers: is it well, and Prometheus' numbers."""
