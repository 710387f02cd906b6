"""A process of ours on a machine whose clock has been set: `python -m tests.set_clock MODULE …`.

What the hub says of the time of day waits for a clock that can be believed. Whether the machine
that runs the tests has one, and for how long it has been up, must not matter to a test.
"""

import importlib
import sys

from hub.system.clock import Clock


def main() -> None:
    """The command."""
    Clock.is_synchronised = _is_synchronised
    sys.argv.pop(0)
    importlib.import_module(sys.argv[0]).main()


def _is_synchronised(_: Clock) -> bool:
    return True


if __name__ == "__main__":
    main()
