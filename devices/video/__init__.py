"""Video and pictures, from the packet to the file."""
