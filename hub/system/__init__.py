"""The operating system: clock, logs, files and processes. Nothing here knows of doorbells."""
