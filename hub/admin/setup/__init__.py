"""`doorbell setup`: asks for what a house needs, tries it out, and changes the settings file with its comments kept."""
