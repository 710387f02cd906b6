"""mosquitto on this machine: gets its users and ACL, and is made to read them."""

from pathlib import Path

from hub.admin.install.orders import OrderError, Systemctl
from hub.admin.security import acl, credentials_folder
from hub.system.files import atomic_file

OWNER = "mosquitto"  # as which Debian runs it
PASSWORDS = "passwd"
ACL = "acl"


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


def hand_over(source: Path, target: Path) -> list[str]:
    """Copy what `doorbell secure` wrote to where mosquitto reads it; only its user may read it.

    Users that mosquitto_passwd has added there stay.

    Returns:
        A line for rights that a person had granted there, and that are gone; or nothing.

    Raises:
        OrderError: mosquitto has no user on this machine.
    """
    with credentials_folder.alone(source.parent):
        files = [path for path in sorted(source.iterdir()) if path.is_file()]
        contents = {path.name: path.read_bytes() for path in files if path.name[0] != "."}
        users = credentials_folder.users_in(target / PASSWORDS)
        users |= credentials_folder.users_in(source / PASSWORDS)
        contents[PASSWORDS] = credentials_folder.table_text(users).encode()
        text = contents.pop(ACL).decode()
        try:
            lost = acl.replace(target / ACL, text, target / "acl.before", OWNER)
            for name, content in contents.items():
                atomic_file.write(target / name, content, 0o600, OWNER)
        except LookupError:
            fault = f"there is no user {OWNER} here"
            raise OrderError(f"{fault}: apt-get install mosquitto") from None
    return lost
