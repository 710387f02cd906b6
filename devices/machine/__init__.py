"""The machine itself: disk, power, folders, the sun over it."""
