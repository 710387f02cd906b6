"""The tables of roles and channels: who may publish what, and who reads it."""

from itertools import product

import pytest
from paho.mqtt.client import topic_matches_sub

from hub.wire import channels, topics
from hub.wire.channels import CHANNELS, ROLES
from hub.wire.command import COMMANDS
from hub.wire.topics import Topics

HOUSE = Topics("homes/cottage")
NAMES = {"hub": "home", "handler": "notify", "producer": "shop", "web": "home", "cli": "1"}


def _may(filters, topic):
    return any(topic_matches_sub(one, topic) for one in filters)


def test_the_roles_are_the_roles_of_sources():
    """A source of a role that is not in the table cannot be."""
    assert set(ROLES) == set(topics.ROLES)
    for channel in CHANNELS.values():
        assert set(channel.writers) <= set(ROLES)
        assert {reader.role for reader in channel.readers} <= set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_publishes_below_their_own_source(role):
    """Nobody can speak for another process, or for another house."""
    source = topics.source(role, NAMES[role])
    own = HOUSE.of(source, "")
    assert all(one.startswith(own) for one in channels.written(HOUSE, role, NAMES[role]))
    assert all(one.startswith("homes/cottage/") for one in channels.read(HOUSE, role, NAMES[role]))


@pytest.mark.parametrize(("name", "role"), list(product(COMMANDS, ROLES)))
def test_a_command_comes_from_its_writers_and_goes_to_its_reader(name, role):
    """Of the hub or handler that it names, and of no other."""
    kind = COMMANDS[name]
    rest = ["front" for _ in kind.target[1:]]
    topic = HOUSE.command(topics.source(role, NAMES[role]), name, NAMES[kind.reader], *rest)
    written = channels.written(HOUSE, role, NAMES[role])
    assert _may(written, topic) == (role in kind.writers)
    read = channels.read(HOUSE, kind.reader, NAMES[kind.reader])
    assert _may(read, topic) == (role in kind.writers)
    assert not _may(channels.read(HOUSE, kind.reader, "other"), topic)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_guest_gives_the_commands_of_people_under_its_own_name(name):
    """Home Assistant rings or answers as `cli/homeassistant`, and as nobody else."""
    kind = COMMANDS[name]
    rest = ["front" for _ in kind.target]
    written = channels.written_by_guest(HOUSE, "homeassistant")
    own = HOUSE.command(topics.source("cli", "homeassistant"), name, *rest)
    assert _may(written, own) == kind.is_for_people
    assert not _may(written, HOUSE.command(topics.source("cli", "1"), name, *rest))


def test_a_guest_hears_what_happens_and_how_everything_is():
    """No queries and replies, and none of the commands of others."""
    hub, read = topics.source("hub", "home"), channels.read_by_guest(HOUSE)
    assert _may(read, HOUSE.event(hub, topics.PRESSED, "front"))
    assert _may(read, HOUSE.status(hub))
    assert _may(read, HOUSE.quiet(hub))
    assert not _may(read, HOUSE.reply(hub, "notify"))
    assert not _may(read, HOUSE.command(topics.source("web", "home"), "answer", "home", "front"))


def test_a_reply_is_read_by_its_consumer_alone():
    """Another's would move cursors that are not its own."""
    topic = HOUSE.reply(topics.source("hub", "home"), "notify")
    assert _may(channels.read(HOUSE, "handler", "notify"), topic)
    assert not _may(channels.read(HOUSE, "handler", "light"), topic)
