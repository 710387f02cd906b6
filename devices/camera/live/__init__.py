"""The live picture on a local socket, for processes of this machine that may show it."""
