"""The operating system as doorbell uses it: clock, logs, files, processes. It knows no doorbell."""
