"""What each user may do on the broker, as a mosquitto ACL file, from `hub.wire.channels`."""

from collections.abc import Iterable, Mapping, Sequence

from hub.mqtt.connection.credentials import CLI
from hub.wire import channels
from hub.wire.topics import Topics

HEAD = """\
# Written by `doorbell secure`: what each user may publish (write) and read. See docs/security.md.
# What you add yourself belongs into acl.own: it is copied to the end of this file.
"""
BROKERS_NAME = "$SYS/broker/version"  # of mosquitto(8): the doctor tells which broker answers
NOTHING: Mapping[str, Sequence[str]] = {}


def acl(
    users: Iterable[str],
    own: str = "",
    heard: Mapping[str, Sequence[str]] = NOTHING,
    house: Topics | None = None,
) -> str:
    """The ACL file for these users.

    Args:
        users: Their names.
        own: What the person has added.
        heard: For a user, topics of others that its settings listen to.
        house: The topics of this house.
    """
    blocks = []
    for user in users:
        granted = [
            *rights(user, house or Topics()),
            *(f"read {topic}" for topic in heard.get(user, ())),
        ]
        blocks.append(f"\nuser {user}\n" + "".join(f"topic {right}\n" for right in granted))
    return HEAD + "".join(blocks) + (f"\n{own}" if own else "")


def rights(user: str, house: Topics) -> list[str]:
    """`write TOPIC` and `read TOPIC` for a user; one of no known role may only listen."""
    role, _, name = user.partition("-")
    if user == CLI:
        return [*_rights(house, "cli", "+"), f"read {BROKERS_NAME}"]
    if name and role in channels.ROLES and not channels.ROLES[role].is_free:
        return _rights(house, role, name)
    return [f"read {house.root}/#"]


def _rights(house: Topics, role: str, name: str) -> list[str]:
    return [
        *(f"write {topic}" for topic in channels.written(house, role, name)),
        *(f"read {topic}" for topic in channels.read(house, role, name)),
    ]
