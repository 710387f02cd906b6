"""Who a process is to the broker: a user of its own, whose password lies in a file of that name."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from config import Broker, SettingsError
from config.toml.toml_file import decode
from devices.machine import Forbidden
from hub.mqtt.connection.connect_errors import RefusedError
from hub.system.log import masking

CLI = "cli"  # the command line, and whoever says nothing else
EVERYBODY = stat.S_IROTH | stat.S_IWOTH


class LoginError(RefusedError):
    """There is no password to log in with; the text says what to do.

    Attributes:
        is_forbidden: There may be one, and this user may not read it.
    """

    def __init__(self, words: str, *, is_forbidden: bool = False) -> None:
        super().__init__(words)
        self.is_forbidden = is_forbidden


def user(role: str, name: str) -> str:
    """`hub-home`, `handler-notify`: the broker's user, and the name of its password's file."""
    return f"{role}-{name}"


def credentials(broker: Broker, as_user: str) -> tuple[str, str | None] | None:
    """The name and the password to log in with; None when the broker is to take us without.

    Raises:
        LoginError: there should be a password, and there is none.
    """
    if broker.username is not None:
        password = broker.password.get_secret_value() if broker.password else None
        masking.never_show(filter(None, [password]))
        return broker.username, password
    if broker.password_dir is None:
        return None
    path = _password_file(broker.password_dir, as_user)
    try:
        password = password_in(path)
    except (OSError, SettingsError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise LoginError(
            f"the password in {path} cannot be read ({why}). `doorbell secure` writes it",
            is_forbidden=isinstance(error, PermissionError),
        ) from None
    if not password:
        raise LoginError(f"{path} is empty. Remove it, and `doorbell secure` writes it anew")
    masking.never_show([password])
    return as_user, password


def password_in(path: Path) -> str:
    """The password in a file, whichever Unicode encoding an editor has saved it in.

    Raises:
        SettingsError: it is not Unicode.
        OSError: it cannot be read.
    """
    return decode(path.read_bytes(), str(path)).strip()


def faults(broker: Broker, users: list[str]) -> Iterator[str]:
    """What is wrong with the files that these users need."""
    yield from _faults_in_tls(broker)
    if broker.password_dir is None:
        return
    if broker.username is not None:
        yield (
            "username is one user for all, password_dir one for each process. Leave one of them out"
        )
        return
    for one in users:
        try:
            credentials(broker, one)
        except LoginError as error:
            fault = f"password_dir: {error}"
            yield Forbidden(fault) if error.is_forbidden else fault
            continue
        path = _password_file(broker.password_dir, one)
        if path.stat().st_mode & EVERYBODY:
            yield f"password_dir: {path} is open to everybody on this machine. chmod 600 {path}"


def _faults_in_tls(broker: Broker) -> Iterator[str]:
    hints = {
        "ca_file": "`doorbell secure` writes one",
        "cert_file": "It comes from the CA that the broker trusts for its clients",
        "key_file": "It was made with the certificate",
    }
    is_there = True
    for setting, hint in hints.items():
        path = getattr(broker, setting)
        if path and not (path.is_file() and os.access(path, os.R_OK)):
            is_there = False
            yield Forbidden(f"{setting}: {path} is not there, or cannot be read by you. {hint}")
    if not is_there or not broker.encrypted:
        return
    from hub.mqtt.connection import tls  # noqa: PLC0415 - see client.py

    try:
        tls.context(broker)
    except RefusedError as error:
        yield str(error)
    key = broker.key_file or broker.cert_file
    if key and key.stat().st_mode & EVERYBODY:
        yield f"key_file: {key} is open to everybody on this machine. chmod 600 {key}"


def _password_file(folder: Path, as_user: str) -> Path:
    """What systemd hands to this process alone (LoadCredential=) goes before the folder."""
    given = Path(os.environ.get("CREDENTIALS_DIRECTORY") or folder) / as_user
    return given if given.is_file() else folder / as_user
