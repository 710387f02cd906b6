"""The topic tree: who may write where."""

from string import ascii_lowercase, digits

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from paho.mqtt.client import Client, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion

from hub.wire import topics
from hub.wire.topics import Topics

NOT_IN_A_TOPIC = "+#/\x00\x1f\x7f\n é"
HOUSE = Topics()
NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)
KINDS = st.from_regex(r"[a-z][a-z0-9_]{0,9}(\.[a-z][a-z0-9_]{0,9}){1,3}", fullmatch=True)
ODD = st.sampled_from(f"{NOT_IN_A_TOPIC}A.-") | st.characters(
    exclude_characters=f"{ascii_lowercase}{digits}_"
)


def _matches(kind, topic):
    return any(topic_matches_sub(one, topic) for one in HOUSE.event_filters(kind))


def _says(kind):
    return topics.source(topics.role_for(kind), "x")


@given(NAMES, KINDS, NAMES)
def test_every_good_name_can_be_published(name, kind, subject):
    """A source, a type and a subject of the right form make a topic that MQTT takes."""
    source = topics.source(topics.role_for(kind), name)
    assert topics.fault_in(source, kind, subject) is None
    topic = HOUSE.event(source, kind, subject)
    levels = ["doorbell", topics.role_for(kind), name, "event", *kind.split("."), subject]
    assert topic.split("/") == levels
    assert HOUSE.source_of(topic) == source
    assert _matches(kind, topic)
    assert _matches(topics.EVERY, topic)
    assert Client(CallbackAPIVersion.VERSION2).publish(topic, b"", qos=1).mid


@given(NAMES, KINDS, NAMES)
def test_no_topic_has_a_dot(name, kind, subject):
    """RabbitMQ passes each dot on as a slash; without dots no broker changes a topic."""
    source = topics.source(topics.role_for(kind), name)
    ours = (
        HOUSE.event(source, kind, subject),
        HOUSE.query(source, kind),
        HOUSE.reply(source, name),
        HOUSE.status(source),
        HOUSE.command(source, "press", name, subject),
    )
    assert not any("." in topic for topic in ours)


@given(KINDS, KINDS, NAMES)
def test_a_filter_matches_its_type_and_no_other(kind, other, subject):
    """However deep the levels of either are; the filter of all types matches both."""
    topic = HOUSE.event(_says(other), other, subject)
    assert _matches(kind, topic) == (kind == other)
    assert _matches(topics.EVERY, topic)


@given(KINDS)
def test_a_query_names_its_type(kind):
    """The levels of the topic are the type again; `all` is every type, and no type itself."""
    source = topics.source("handler", "log")
    for asked in (kind, topics.EVERY):
        assert HOUSE.queried(HOUSE.query(source, asked)) == asked
        assert topic_matches_sub(HOUSE.every_query(), HOUSE.query(source, asked))
    assert topics.fault_in_type("all")


@pytest.mark.parametrize("root", ["doorbell", "cottage", "homes/our-cottage/bell"])
def test_the_root_is_an_address(root):
    """A house below another root has other topics, and its processes the same sources."""
    house = Topics(root)
    source = topics.source("hub", "home")
    topic = house.event(source, "doorbell.pressed", "front")
    assert topic == f"{root}/hub/home/event/doorbell/pressed/front"
    assert house.source_of(topic) == source == "doorbell/hub/home"
    command = house.command(topics.source("cli", "1"), "press", "home", "front")
    assert house.target(command) == ("home", "front")
    assert _matches("doorbell.pressed", topic) == (root == "doorbell")


@pytest.mark.parametrize("place", ["name", "kind", "subject"])
@given(NAMES, KINDS, ODD, st.integers(0, 64))
def test_nothing_else_is_accepted(place, name, kind, odd, at):
    """One character that is not a-z, 0-9, - or _ makes each of the three invalid, wherever."""
    assume(place == "kind" or odd != "-")
    assume(place != "kind" or odd != ".")
    parts = {"name": name, "kind": kind, "subject": name}
    parts[place] = parts[place][:at] + odd + parts[place][at:]
    source = topics.source(topics.role_for(kind), parts["name"])
    assert topics.fault_in(source, parts["kind"], parts["subject"])


@pytest.mark.parametrize("bad", [*NOT_IN_A_TOPIC, "A", "ß", "\N{ARABIC-INDIC DIGIT THREE}"])
@pytest.mark.parametrize("place", ["source", "type", "subject"])
@pytest.mark.parametrize("where", ["{}name", "na{}me", "name{}"])
def test_a_character_that_is_none_of_ours_is_refused_anywhere(bad, place, where):
    """In each of the three, at the beginning, in the middle and at the end."""
    word = where.format(bad)
    parts = {"source": "doorbell/handler/x", "type": "a.b", "subject": "front"}
    parts[place] = {"source": f"doorbell/handler/{word}", "type": f"a.{word}", "subject": word}[
        place
    ]
    assert topics.fault_in(parts["source"], parts["type"], parts["subject"])


@pytest.mark.parametrize(
    ("source", "kind", "fault"),
    [
        ("doorbell/handler/x", "doorbell.pressed", "only a hub may publish"),
        ("doorbell/cli/x", "doorbell.pressed", "only a hub may publish"),
        ("doorbell/hub/x", "clip.recorded", "only a handler or a producer may publish"),
        ("doorbell/web/x", "clip.recorded", "only a handler or a producer may publish"),
        ("doorbell/producer/x", "doorbell.pressed", "only a hub may publish"),
        ("doorbell/producer/x", "handler.done", "only a handler may publish"),
        ("doorbell/phone/x", "clip.recorded", "source is not"),
        ("house/handler/x", "clip.recorded", "source is not"),
        ("doorbell/handler/x/event", "clip.recorded", "source is not"),
        ("doorbell/handler/" + "x" * 65, "clip.recorded", "source is not"),
        ("doorbell/handler/x", "clip", "type is not"),
        ("doorbell/handler/x", "clip.", "type is not"),
        ("doorbell/handler/x", "clip.1st", "type is not"),
        ("doorbell/handler/x", "c." + "x" * 63, "type is not"),
    ],
)
def test_who_may_say_what(source, kind, fault):
    """A handler cannot ring, a hub says only what is a hub's, and a type is at least two words."""
    assert topics.fault_in(source, kind, "front").startswith(fault)


@pytest.mark.parametrize("kind", ["doorbell.pressed", "clip.recorded"])
def test_one_listens_to_those_who_may_say_it(kind):
    """The filter for a press does not even match a handler's forged press."""
    wrong = {"hub": "handler", "handler": "hub"}[topics.role_for(kind)]
    assert _matches(kind, HOUSE.event(_says(kind), kind, "front"))
    assert not _matches(kind, HOUSE.event(topics.source(wrong, "x"), kind, "front"))


def test_a_program_says_what_a_handler_may_say():
    """But for the outcomes: a producer runs nothing."""
    source = topics.source("producer", "shop")
    assert topics.fault_in(source, "order.placed", "shop") is None
    assert _matches("order.placed", HOUSE.event(source, "order.placed", "shop"))
    assert not _matches("handler.done", HOUSE.event(source, "handler.done", "shop"))


def test_the_branches_of_a_source():
    """Everything that a process writes is below its source, so that one line of an ACL holds it."""
    source = topics.source("handler", "notify")
    written = [
        HOUSE.event(source, "a.b", "front"),
        HOUSE.status(source),
        HOUSE.query(source, "a.b"),
        HOUSE.reply(source, "light"),
        HOUSE.command(source, "press", "home", "front"),
    ]
    assert written == [
        "doorbell/handler/notify/event/a/b/front",
        "doorbell/handler/notify/status",
        "doorbell/handler/notify/query/a/b",
        "doorbell/handler/notify/reply/light",
        "doorbell/handler/notify/command/press/home/front",
    ]
    assert topics.name_of(source) == "notify"
