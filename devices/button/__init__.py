"""The button: lines, presses, and the light in it."""
