"""The processes of a house: their life cycle and their supervisor."""
