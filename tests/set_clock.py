"""A process of ours on a machine whose clock has been set: `python -m tests.set_clock MODULE …`.

What the hub says of the time of day waits for a clock that can be believed. Whether the machine
that runs the tests has one, and for how long it has been up, must not matter to a test.
"""

import runpy
import sys

from hub.system.clock import Clock


def _is_synchronised(_: Clock) -> bool:
    return True


if __name__ == "__main__":
    Clock.is_synchronised = _is_synchronised
    sys.argv.pop(0)
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
