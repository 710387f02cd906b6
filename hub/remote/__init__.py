"""Asks a running hub: press, answer, drill, quiet, wake."""
