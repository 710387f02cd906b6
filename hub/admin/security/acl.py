"""What each user may do on the broker, as a mosquitto ACL file, from `hub.wire.channels`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from hub.mqtt.connection.credentials import CLI
from hub.system.files import atomic_file
from hub.system.log.visible import escaped
from hub.terminal.words import count
from hub.wire import channels
from hub.wire.retained.states import PROBE
from hub.wire.topics import Topics

HEAD = """\
# Written by `doorbell secure`: what each user may publish (write) and read. See docs/security.md.
# What you add yourself belongs into acl.own: it is copied to the end of this file.
"""
BROKERS_NAME = "$SYS/broker/version"  # of mosquitto(8): the doctor tells which broker answers
NOTHING: Mapping[str, Sequence[str]] = {}
NOBODY = ("", "")


def acl(
    users: Iterable[str],
    own: str = "",
    heard: Mapping[str, Sequence[str]] = NOTHING,
    house: Topics | None = None,
    discovery: str | None = "homeassistant",
) -> str:
    """The ACL file for these users.

    A rule is a line, so a name or a topic of several lines would be rules of its own: such a one is
    left out.

    Args:
        users: Their names.
        own: What the person has added.
        heard: For a user, topics of others that its settings listen to.
        house: The topics of this house.
        discovery: The prefix of Home Assistant's discovery; None where the hub announces nothing.
    """
    blocks = []
    for user in filter(_is_one_line, users):
        granted = [
            *rights(user, house or Topics()),
            *_rights_to_discovery(user, discovery),
            *(f"read {topic}" for topic in filter(_is_one_line, heard.get(user, ()))),
        ]
        blocks.append(f"\nuser {user}\n" + "".join(f"topic {right}\n" for right in granted))
    return HEAD + "".join(blocks) + (f"\n{own}" if own else "")


def rights(user: str, house: Topics) -> list[str]:
    """`write TOPIC` and `read TOPIC` for a user; one of no known role may only listen."""
    if user in channels.GUESTS:
        return _lines(channels.written_by_guest(house, user), channels.read_by_guest(house))
    if user == CLI:
        return [*_rights(house, "cli", "+"), f"read {BROKERS_NAME}"]
    role, name = _process(user)
    if name and not channels.ROLES[role].is_free:
        return _rights(house, role, name)
    return [f"read {house.root}/#"]


def replace(path: Path, text: str, before: Path, owner: str | None = None) -> list[str]:
    """Write an ACL file, and keep the present one if it grants something that this one does not.

    Args:
        path: The file.
        text: What it shall say.
        before: Where the present one is kept.
        owner: The user that both are given to; None leaves them with the writer.

    Returns:
        A line that names the rights that are gone, or nothing. Those that doorbell wrote for its
        own users are counted: an update may change them all.

    Raises:
        OSError: it cannot be written.
        LookupError: there is no such owner.
    """
    present = path.read_bytes() if path.is_file() else b""
    known = present.decode(errors="replace")
    gone = lacking(text, known)
    if gone:
        atomic_file.write(before, present, 0o600, owner)
    atomic_file.write(path, text.encode(), 0o600, owner)
    if not gone:
        return []
    roots = _roots(known)
    theirs = [right for right in gone if not _is_of_house(right, roots)]
    ours = len(gone) - len(theirs)
    counted = [f"{count(ours, 'right')} of doorbell's own users"] if ours else []
    hint = f"Rights of your own belong into acl.own. The file before is {before}"
    return [f"{path} no longer grants {'; '.join([*theirs, *counted])}. {hint}"]


def lacking(text: str, other: str) -> list[str]:
    """The rights that an ACL file lacks of those in another one, like `cli: topic read a/b`."""
    granted = set(_granted(text))
    return [right for right in _granted(other) if right not in granted]


def _is_one_line(text: str) -> bool:
    return escaped(text) == text


def _granted(text: str) -> Iterator[str]:
    """Each rule of an ACL file with the user that it is for: mosquitto.conf(5), acl_file."""
    user = "everybody"
    for line in map(str.strip, text.splitlines()):
        word, _, rest = line.partition(" ")
        if word == "user":
            user = rest.strip()
        elif word in ("topic", "pattern"):
            yield f"{user}: {' '.join(line.split())}"


def _is_of_house(right: str, roots: Iterable[str]) -> bool:
    """Whether doorbell may have written this: for one of its users, below one of these roots."""
    user, _, rule = right.partition(": ")
    if _process(user) == NOBODY and user not in (CLI, *channels.GUESTS):
        return False
    word, _, topic = rule.removeprefix("topic ").partition(" ")
    return word in ("read", "write") and topic.startswith(tuple(roots))


def _roots(text: str) -> set[str]:
    """The roots of an ACL file, each with its slash, by the topics that processes publish on."""
    found = set()
    for right in _granted(text):
        user, _, rule = right.partition(": ")
        role, name = _process(user)
        root, own, _ = rule.rpartition(" ")[2].partition(f"{role}/{name}/")
        if name and own:
            found.add(root)
    return found


def _process(user: str) -> tuple[str, str]:
    """Role and name of the process that logs in as this user, or NOBODY."""
    role, _, name = user.partition("-")
    return (role, name) if name and role in channels.ROLES else NOBODY


def _rights_to_discovery(user: str, prefix: str | None) -> list[str]:
    """The hub announces itself, and hears that Home Assistant has started; the doctor looks."""
    if prefix is None:
        return []
    if user in channels.GUESTS:
        return [f"readwrite {prefix}/#"]
    if user == CLI:
        return [f"write {prefix}/{PROBE}/#", f"read {prefix}/device/+/config"]
    if user.startswith("hub-"):
        return [f"write {prefix}/device/+/config", f"read {prefix}/status"]
    return []


def _rights(house: Topics, role: str, name: str) -> list[str]:
    return _lines(channels.written(house, role, name), channels.read(house, role, name))


def _lines(written: Iterable[str], read: Iterable[str]) -> list[str]:
    return [*(f"write {topic}" for topic in written), *(f"read {topic}" for topic in read)]
