"""A module whose `main` runs the text of a program, as `python -c` does."""

import sys

TOLD = __name__


def main() -> None:
    """Run the first argument."""
    exec(sys.argv[1], {"__name__": "__main__"})  # noqa: S102 - the test's own text
