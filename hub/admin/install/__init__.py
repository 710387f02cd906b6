"""Doorbell as services of a machine: installed, kept in step with the files, and uninstalled."""
