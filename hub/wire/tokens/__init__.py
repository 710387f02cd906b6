"""What is signed or sealed with a key of the house, so that it can leave it."""
