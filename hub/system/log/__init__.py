"""What a process writes: without secrets, one line each, and to journald under systemd."""
