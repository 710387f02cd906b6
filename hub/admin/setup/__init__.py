"""`doorbell setup`: asks for what a house needs, tries it, and changes the settings file."""
