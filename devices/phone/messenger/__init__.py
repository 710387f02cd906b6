"""What people read on their phones, when they read it, and who reads the answer."""
