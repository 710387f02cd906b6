"""Loads handler files with changed settings, and prints what stands against these.

    python -m hub.process.settings_trial FILE...

`doorbell run` has it done in a process of its own: it never runs the code of a handler file itself.
"""

import sys
from pathlib import Path

from config import SettingsError
from config.faults import EX_CONFIG
from config.reading import sources
from hub.plugin import loader
from hub.process import settings_copy

UNCHANGED = "Until it is mended, everything runs on unchanged"


def main() -> None:
    """The command; it ends with EX_CONFIG where there are faults."""
    settings = sources.load(sources.find(), settings_copy.given())
    faults: list[str] = []
    for file in sys.argv[1:]:
        try:
            loader.load(Path(file), settings)
        except SettingsError as error:
            faults += error.faults
    for fault in faults:
        sys.stdout.write(f"{fault.rstrip('.')}. {UNCHANGED}\n")
    if faults:
        sys.exit(EX_CONFIG)


if __name__ == "__main__":
    main()
