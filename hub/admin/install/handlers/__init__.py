"""Handler files as units of systemd, kept in step with what lies in the folders."""
