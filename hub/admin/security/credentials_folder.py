"""The folder with passwords, ACL and certificates for the broker."""

import base64
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from config import Settings, SettingsError
from config.toml.toml_file import decode
from hub.admin.check.house import users_of
from hub.admin.security import acl, certificates, own_rules
from hub.mqtt.connection import credentials
from hub.system.files import atomic_file
from hub.wire.topics import Topics

HOMEASSISTANT = "homeassistant"  # as which it logs in
USER = re.compile(r"[a-z][a-z0-9_-]{0,71}")
HOST = re.compile(r"[A-Za-z0-9*:][A-Za-z0-9.:_-]{0,252}")
OWN = "acl.own"
ITERATIONS = 101  # mosquitto's own number; 256 random bits cannot be guessed at any
SALT_BYTES = 12
OWN_RULES = """\
# Rights beyond those that `doorbell secure` writes. Uncomment what you need, run it again, and copy
# the acl to the broker. Examples:

# The lamp "zigbee2mqtt:porch", for handlers/light.py; other makes are in docs/lights.md.
# user handler-light
# topic write zigbee2mqtt/porch/set
# topic write zigbee2mqtt/porch/get
# topic read zigbee2mqtt/porch
# topic read zigbee2mqtt/porch/availability
# topic read zigbee2mqtt/bridge/state

# zigbee2mqtt itself. It needs a password: doorbell secure --user zigbee2mqtt
# user zigbee2mqtt
# topic readwrite zigbee2mqtt/#
"""


class Written(NamedTuple):
    """What was brought up to date.

    Attributes:
        done: A line for each part of the folder.
        lost: A line for rights that a person had granted elsewhere than in acl.own.
    """

    done: list[str]
    lost: list[str]


def write(settings: Settings, folder: Path, hosts: Sequence[str], more: Sequence[str]) -> Written:
    """Bring the folder up to date.

    Nothing is changed when a file that a person may have saved cannot be read.

    Raises:
        SettingsError: the name of a user or host is invalid, or such a file is.
        CertificateError: openssl is missing, or fails.
        OSError: the folder cannot be written.
    """
    for_broker = folder / "mosquitto"
    passwords = folder / "passwords"
    bad = [name for name in more if not USER.fullmatch(name)]
    faults = [f"--user {name}: not a name of a-z, 0-9, - and _" for name in bad]
    like = "Write one, like broker.lan or 192.168.1.5"
    faults += [
        f"--host {host}: not a name or address. {like}"
        for host in hosts
        if not HOST.fullmatch(host)
    ]
    if faults:
        raise SettingsError(faults)
    for one in (folder, for_broker, passwords):
        one.mkdir(mode=0o700, parents=True, exist_ok=True)
    with alone(folder):
        table = for_broker / "passwd"
        own = folder / OWN
        if not own.exists():
            _write_private(own, OWN_RULES)
        _refuse_faults(own, table, passwords)
        users = {*users_of(settings), *more, *_users_in(passwords)}
        if settings.homeassistant.enabled and HOMEASSISTANT not in users_in(table):
            users.add(HOMEASSISTANT)  # one that mosquitto_passwd has added keeps its password
        _write_passwords(passwords, table, sorted(users))
        lost = acl.replace(for_broker / "acl", acl_text(settings, folder), folder / "acl.before")
    lines = [
        f"{passwords}: a password for each of {', '.join(sorted(users))}",
        f"{for_broker}: passwd and acl for the broker",
    ]
    if hosts:
        lines.append(_certify(folder, for_broker, hosts))
    return Written(lines, lost)


def acl_text(settings: Settings, folder: Path) -> str:
    """The access control list for these settings, the users that have a password, and acl.own.

    Raises:
        SettingsError: acl.own has lines that mosquitto cannot read.
        OSError: the folder cannot be read.
    """
    users = {*users_of(settings), *_users_in(folder / "passwords")}
    shown = settings.homeassistant
    discovery = None
    if shown.enabled:
        discovery = shown.prefix
        users.add(HOMEASSISTANT)
    topics = sorted({trigger.topic for trigger in settings.triggers.values()})
    heard = {credentials.user("hub", settings.hub): topics}
    own = own_rules.read(folder / OWN)
    return acl.acl(sorted(users), own, heard, Topics(settings.broker.root), discovery)


def users_in(table: Path) -> dict[str, str]:
    """The users in a mosquitto password file, each with its hash.

    Raises:
        SettingsError: it is not Unicode.
        OSError: it cannot be read.
    """
    lines = decode(table.read_bytes(), str(table)).splitlines() if table.exists() else []
    return dict(line.split(":", 1) for line in lines if ":" in line)


def table_text(users: Mapping[str, str]) -> str:
    """A mosquitto password file for these users and hashes."""
    return "".join(f"{name}:{entry}\n" for name, entry in users.items())


def hashed(password: str, salt: bytes) -> str:
    """A password as mosquitto 2 stores it: PBKDF2 with HMAC-SHA-512 (mosquitto_passwd(1))."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    return f"$7${ITERATIONS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def _users_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if USER.fullmatch(path.name)]


def _refuse_faults(own: Path, table: Path, passwords: Path) -> None:
    """Refuse files that cannot be read, all at once."""
    reads: list[Callable[[], object]] = [partial(own_rules.read, own), partial(users_in, table)]
    reads += [partial(credentials.password_in, passwords / name) for name in _users_in(passwords)]
    faults: list[str] = []
    for read in reads:
        try:
            read()
        except SettingsError as error:
            faults += error.faults
    if faults:
        raise SettingsError(faults)


def _write_passwords(folder: Path, table: Path, users: Iterable[str]) -> None:
    """Users that mosquitto_passwd has added to the table stay in it."""
    entries = users_in(table)
    for name in users:
        path = folder / name
        if not path.exists() or not path.stat().st_size:  # empty after a power cut
            _write_private(path, secrets.token_urlsafe(32) + "\n")
        entries[name] = hashed(credentials.password_in(path), secrets.token_bytes(SALT_BYTES))
    _write_private(table, table_text(entries))


def _certify(folder: Path, for_broker: Path, hosts: Sequence[str]) -> str:
    ca = folder / "ca.key", folder / "ca.crt"
    server = for_broker / "server.key", for_broker / "server.crt"
    if not all(path.exists() for path in ca):
        certificates.make_ca(*ca)
        server[1].unlink(missing_ok=True)
    if not (server[0].exists() and certificates.serves(server[1], hosts)):
        certificates.make_server(ca, *server, hosts)
    _write_private(for_broker / "ca.crt", ca[1].read_text(encoding="ascii"))
    ca[1].chmod(0o644)
    return f"{server[1]}: for {', '.join(hosts)}, signed by {ca[1]}"


def _write_private(path: Path, text: str) -> None:
    atomic_file.write(path, text.encode(), 0o600)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time: `doorbell install` and `handlers sync` may run at the same moment."""
    with os.fdopen(os.open(folder / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
