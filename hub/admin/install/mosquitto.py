"""mosquitto on this machine: gets its users and ACL, and is made to read them."""

from pathlib import Path

from hub.admin.install.orders import OrderError, Systemctl
from hub.admin.security import credentials_folder
from hub.system import atomic_file

OWNER = "mosquitto"  # as which Debian runs it


def reread_users(order: Systemctl) -> None:
    """Have mosquitto read its users and ACL.

    Its unit reloads with kill(1), which a minimal system does not have; there it is restarted.

    Raises:
        OrderError: it does not restart either.
    """
    try:
        order("try-reload-or-restart", "mosquitto.service")
    except OrderError:
        order("try-restart", "mosquitto.service")


def hand_over(source: Path, target: Path) -> None:
    """Copy what `doorbell secure` wrote to where mosquitto reads it; only its user may read it.

    Raises:
        OrderError: mosquitto has no user on this machine.
    """
    with credentials_folder.alone(source.parent):
        for path in sorted(source.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                try:
                    atomic_file.write(target / path.name, path.read_bytes(), 0o600, OWNER)
                except LookupError:
                    fault = f"there is no user {OWNER} here"
                    raise OrderError(f"{fault}: apt-get install mosquitto") from None
