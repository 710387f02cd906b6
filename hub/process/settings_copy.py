"""The copy of the settings that the processes of one `doorbell run` read in place of the file.

The file may have faults by now, and a process that starts again needs what the others run with.
"""

import os
from pathlib import Path

VARIABLE = "DOORBELL_SETTINGS_COPY"


def given() -> Path | None:
    """Where it is; None for a process of its own, which reads the file."""
    text = os.environ.get(VARIABLE)
    return Path(text) if text else None


def write(file: Path, copy: Path) -> None:
    """Copy the settings, for our own eyes: passwords may stand in them.

    Raises:
        OSError: one cannot be read, or the other cannot be written.
    """
    content = file.read_bytes()
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    copy.write_bytes(content)
