"""mosquitto on this machine: given its users and rights, and told to read them."""

import shutil
from collections.abc import Callable
from pathlib import Path

from hub import secure

Systemctl = Callable[..., str]


class OrderError(RuntimeError):
    """systemd, or the system, does not do what it is told; the text says what."""


def reread_users(order: Systemctl) -> None:
    """Have mosquitto read its users and rights; a small system has no kill(1), which its unit reloads by.

    Raises:
        OrderError: it does not even start again.
    """
    try:
        order("try-reload-or-restart", "mosquitto.service")
    except OrderError:
        order("try-restart", "mosquitto.service")


def hand_over(source: Path, target: Path) -> None:
    """Copy what `doorbell secure` wrote for the broker to where it looks; its own user alone may read it."""
    with secure.alone(source.parent):
        for path in sorted(source.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                new = target / f".{path.name}.new"
                new.unlink(missing_ok=True)
                new.touch(mode=0o600)
                new.write_bytes(path.read_bytes())
                shutil.chown(new, "mosquitto")
                secure.on_disk(new)
                new.replace(target / path.name)
