"""Secrets in the state folder: the key of the house, and others that a process makes for itself."""

import os
import secrets
from pathlib import Path

from config import places
from hub.system.files import atomic_file

KEY_FILE = "answers.key"  # answer links were the first to need it
KEY_BYTES = 32


def key_in(folder: Path) -> str:
    """The key of this house, by which links are signed. The first process that needs it makes it.

    Under systemd `doorbell install` makes it, and only root may read the file. A unit that may sign
    or verify links gets it as a credential (systemd.exec(5), LoadCredential=).

    Args:
        folder: The house's, where it lies without systemd.

    Raises:
        OSError: it cannot be read or written, it is damaged, or this unit does not get it.
    """
    given = Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / KEY_FILE
    if given.is_absolute() and given.is_file():
        return secret_in(given)
    if places.own_folder().parts:
        line = f"LoadCredential={KEY_FILE}:/var/lib/doorbell/{KEY_FILE}"
        raise OSError(f"this unit does not get {KEY_FILE}. Add to its drop-in: {line}")
    return secret_in(folder / KEY_FILE)


def secret_in(path: Path) -> str:
    """The secret in a file that only its owner may read. The first that needs it makes it.

    Raises:
        OSError: it cannot be read or written, or it is damaged.
    """
    if not path.exists():
        atomic_file.create(path, f"{secrets.token_urlsafe(KEY_BYTES)}\n".encode(), 0o600)
    key = path.read_text(encoding="ascii").strip()
    if len(key) < KEY_BYTES:
        remedy = "Remove it: a new one is made, and earlier links no longer work"
        raise OSError(f"{path} is damaged. {remedy}")
    return key
