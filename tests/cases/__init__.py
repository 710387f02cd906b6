"""Runs a folder of reported cases on this checkout, and judges what comes out: `make cases`."""
