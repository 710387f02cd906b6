"""What belongs in a backup: files and folders of a house, and under which names."""
