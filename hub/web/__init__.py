"""The web server that answer links lead to."""
