"""One press in the terminal: live as it happens, and later as a tree."""
