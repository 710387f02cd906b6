"""One file for each make of lamp."""
