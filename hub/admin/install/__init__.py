"""Doorbell as services of a machine: installed, kept up with their files, and taken off; systemd and mosquitto obey."""
