"""The roles and the channels: who may publish what, and who reads it.

A role or a channel is one entry here, a command one entry in `hub.wire.command`. The access control
list (`doorbell secure`) and hub/asyncapi.yaml are generated from them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from hub.wire import topics
from hub.wire.codec import JSON
from hub.wire.command import COMMANDS
from hub.wire.retained.picture import JPEG
from hub.wire.topics import Topics

ANY = "+"


@dataclass(frozen=True, slots=True)
class Role:
    """A kind of process.

    Attributes:
        summary: What it does.
        levels: The levels of topics that its own name stands in when it reads.
        writes_to: The levels that its own name stands in when it writes.
        is_free: It may publish everything below its own source, and read everything.
    """

    summary: str
    levels: tuple[str, ...] = ()
    writes_to: tuple[str, ...] = ()
    is_free: bool = False


ROLES = {
    "hub": Role("owns the buttons and publishes the presses", levels=("hub",)),
    "handler": Role("reacts to events", levels=("handler", "consumer")),
    "producer": Role("publishes the events of a program of your own"),
    "web": Role(
        "shows the house, and takes the answers of phones and the presses of devices, for its hub",
        levels=("consumer",),
        writes_to=("hub",),
    ),
    "cli": Role("the command line, and programs of your own", is_free=True),
}
# Programs that show the house to people, and give people's commands as `cli/NAME`.
GUESTS = ("homeassistant", "nodered", "openhab")


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a channel.

    Attributes:
        role: The role of the reader.
        of: The role of the writers that it reads.
    """

    role: str
    of: str = ANY


@dataclass(frozen=True, slots=True)
class Channel:
    """Topics with one meaning.

    Attributes:
        levels: What stands behind the source. A name in braces is one level, `{type}` several.
        summary: What is published there.
        writers: The roles that may publish there.
        readers: Who reads it.
        qos: The quality of service with which it is read.
        retained: Whether the broker keeps the last message.
        content_type: What its messages are.
    """

    levels: tuple[str, ...]
    summary: str
    writers: tuple[str, ...]
    readers: tuple[Reader, ...]
    qos: int = 1
    retained: bool = False
    content_type: str = JSON


def _command_channels() -> Iterator[tuple[str, Channel]]:
    for name, kind in COMMANDS.items():
        levels = ("command", name, *(f"{{{level}}}" for level in kind.target))
        readers = tuple(Reader(kind.reader, writer) for writer in kind.writers)
        yield f"{name}Command", Channel(levels, kind.summary, kind.writers, readers, kind.qos)


CHANNELS = {
    "event": Channel(
        ("event", "{type}", "{subject}"),
        "Something happened.",
        ("hub", "handler", "producer"),
        (
            Reader("hub", "handler"),
            Reader("handler"),
            Reader("web"),
        ),
    ),
    "status": Channel(
        ("status",),
        "How a process is.",
        ("hub", "handler", "producer", "web"),
        (
            Reader("hub", "handler"),
            Reader("hub", "hub"),
            Reader("web"),
            Reader("producer", "producer"),
            Reader("handler"),
        ),
        qos=0,
        retained=True,
    ),
    "query": Channel(
        ("query", "{type}"),
        "What did I miss?",
        ("handler", "web"),
        (Reader("hub"), Reader("handler"), Reader("producer")),
        qos=0,
    ),
    "reply": Channel(
        ("reply", "{consumer}"),
        "What a consumer is owed, from the journal of a producer.",
        ("hub", "handler", "producer"),
        (Reader("handler"), Reader("web")),
        qos=0,
    ),
    "quiet": Channel(
        ("quiet",),
        "Whether the house is quiet, and until when.",
        ("hub",),
        (Reader("handler", "hub"), Reader("web", "hub")),
        qos=0,
        retained=True,
    ),
    "picture": Channel(
        ("picture", "{hub}", "{door}"),
        "A picture of the last visitor, or of now.",
        ("handler",),
        (),
        retained=True,
        content_type=JPEG,
    ),
    "ring": Channel(
        ("ring", "{door}"),
        "Somebody rings now: for programs without an inbox.",
        ("hub",),
        (),
    ),
    "door": Channel(("door", "{door}"), "How a door is.", ("hub",), (), retained=True),
    "health": Channel(("health",), "How the hub and its machine are.", ("hub",), (), retained=True),
    **dict(_command_channels()),
}


def written(house: Topics, role: str, name: str) -> list[str]:
    """The topics that a process may publish, with wildcards."""
    source = topics.source(role, name)
    if ROLES[role].is_free:
        return [house.of(source, "#")]
    own = dict.fromkeys(ROLES[role].writes_to, name)
    return [
        _filter(house, source, channel, own)
        for channel in CHANNELS.values()
        if role in channel.writers
    ]


def read(house: Topics, role: str, name: str) -> list[str]:
    """The topics that a process may listen to, with wildcards."""
    if ROLES[role].is_free:
        return [f"{house.root}/#"]
    own = dict.fromkeys(ROLES[role].levels, name)
    if "consumer" in own:
        own["consumer"] = topics.consumer_of(topics.source(role, name))
    return [
        _filter(house, topics.source(reader.of, ANY), channel, own)
        for channel in CHANNELS.values()
        for reader in channel.readers
        if reader.role == role
    ]


def written_by_guest(house: Topics, name: str) -> list[str]:
    """The topics that one of `GUESTS` may publish: the commands of people."""
    source = topics.source("cli", name)
    return [
        _filter(house, source, CHANNELS[f"{command}Command"], {})
        for command, kind in COMMANDS.items()
        if kind.is_for_people
    ]


def read_by_guest(house: Topics) -> list[str]:
    """The topics that one of `GUESTS` may listen to: events, rings, and how everything is."""
    source = topics.source(ANY, ANY)
    return [
        _filter(house, source, channel, {})
        for name, channel in CHANNELS.items()
        if name in ("event", "ring") or channel.retained
    ]


def _filter(house: Topics, source: str, channel: Channel, own: dict[str, str]) -> str:
    """A filter for the topics of a channel below a source; `own` has the levels that are named."""
    levels: list[str] = []
    for level in channel.levels:
        if level == "{type}":
            return house.of(source, *levels, "#")
        name = level.strip("{}")
        levels.append(level if name == level else own.get(name, ANY))
    return house.of(source, *levels)
