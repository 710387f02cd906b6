"""mosquitto on this machine: given its users and rights, and told to read them."""

from collections.abc import Callable
from pathlib import Path

from hub.admin.security import credentials_folder
from hub.system import atomic_file

Systemctl = Callable[..., str]
OWNER = "mosquitto"  # as which Debian runs it


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
    """Copy what `doorbell secure` wrote for the broker to where it looks; its own user alone may read it.

    Raises:
        OrderError: mosquitto has no user here.
    """
    with credentials_folder.alone(source.parent):
        for path in sorted(source.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                try:
                    atomic_file.write(target / path.name, path.read_bytes(), 0o600, OWNER)
                except LookupError:
                    raise OrderError(
                        f"there is no user {OWNER} here: apt-get install mosquitto"
                    ) from None
