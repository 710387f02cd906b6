"""The live picture of each door, passed on from the process that has the camera."""
