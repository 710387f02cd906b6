"""The key of a house: what only its own processes on this machine know."""

import secrets
from pathlib import Path

from hub.system import atomic_file

KEY_FILE = "answers.key"  # answer links were the first to need it
KEY_BYTES = 32


def key_in(folder: Path) -> str:
    """The key of this house. The first process that needs it makes it.

    Raises:
        OSError: it cannot be read or written, or it is damaged.
    """
    path = folder / KEY_FILE
    if not path.exists():
        atomic_file.create(path, f"{secrets.token_urlsafe(KEY_BYTES)}\n".encode(), 0o600)
    key = path.read_text(encoding="ascii").strip()
    if len(key) < KEY_BYTES:
        remedy = "Remove it: a new one is made, and earlier links no longer work"
        raise OSError(f"{path} is damaged. {remedy}")
    return key
