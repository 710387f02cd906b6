"""The topic tree: who may write where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client, topic_matches_sub
from paho.mqtt.enums import CallbackAPIVersion

from hub.wire import topics

NOT_IN_A_TOPIC = "+#/\x00\x1f\x7f\n é"
NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,63}", fullmatch=True)
KINDS = st.from_regex(r"[a-z][a-z0-9_]{0,9}(\.[a-z][a-z0-9_]{0,9}){1,3}", fullmatch=True)
ANY = st.text(st.sampled_from("ab.z09_-" + NOT_IN_A_TOPIC + "A") | st.characters(), max_size=12)


def _says(kind):
    return topics.source(topics.role_for(kind), "x")


@given(NAMES, KINDS, NAMES)
def test_every_good_name_can_be_published(name, kind, subject):
    """A source, a type and a subject of the right form make a topic that MQTT takes, under the source's own branch."""
    source = topics.source(topics.role_for(kind), name)
    assert topics.fault_in(source, kind, subject) is None
    topic = topics.event(source, kind, subject)
    assert topic.split("/") == ["doorbell", topics.role_for(kind), name, "event", kind, subject]
    assert topic_matches_sub(topics.event_filter(kind), topic)
    assert topic_matches_sub(topics.every_event(), topic)
    assert Client(CallbackAPIVersion.VERSION2).publish(topic, b"", qos=1).mid


@given(NAMES, KINDS, NAMES)
def test_a_broker_that_turns_dots_into_slashes_is_understood(name, kind, subject):
    """RabbitMQ does so; every topic of ours is read as it was published, and those that it left alone stay."""
    source = topics.source(topics.role_for(kind), name)
    ours = (
        topics.event(source, kind, subject),
        topics.ask(source, kind),
        topics.answer(source, name),
    )
    for topic in (*ours, topics.status(source), topics.press(source, name, subject)):
        assert topics.heard(topic) == topics.heard(topic.replace(".", "/")) == topic
    assert topic_matches_sub(topics.every_ask(), ours[1].replace(".", "/"))


@pytest.mark.parametrize(
    "foreign", ["zigbee2mqtt/porch.1/set", "event", "a/b/c/event/d/e/f", "doorbell/a/b/c/d/e/f/g"]
)
def test_topics_of_others_stay_as_they_are(foreign):
    """Nobody else's topic is touched, whatever its form."""
    assert topics.heard(foreign) == foreign


@given(ANY, ANY, ANY)
def test_nothing_else_is_accepted(name, kind, subject):
    """Whatever holds a wildcard, a slash, a control character or anything but a-z, 0-9, - and _ is refused."""
    source = f"doorbell/{topics.role_for(kind)}/{name}"
    if topics.fault_in(source, kind, subject) is None:
        for part in (name, kind.replace(".", "a"), subject):
            assert part.isascii()
            assert part.replace("-", "a").replace("_", "a").isalnum()
            assert part == part.lower()


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
        ("doorbell/handler/x", "doorbell.pressed", "only a hub may say"),
        ("doorbell/cli/x", "doorbell.pressed", "only a hub may say"),
        ("doorbell/hub/x", "clip.recorded", "only a handler may say"),
        ("doorbell/web/x", "clip.recorded", "only a handler may say"),
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
    assert topic_matches_sub(topics.event_filter(kind), topics.event(_says(kind), kind, "front"))
    assert not topic_matches_sub(
        topics.event_filter(kind), topics.event(topics.source(wrong, "x"), kind, "front")
    )


def test_the_branches_of_a_source():
    """Everything that a process writes is below its source, so that one line of an ACL holds it."""
    source = topics.source("handler", "notify")
    written = [
        topics.event(source, "a.b", "front"),
        topics.status(source),
        topics.ask(source, "a.b"),
        topics.answer(source, "light"),
        topics.press(source, "home", "front"),
    ]
    assert written == [
        "doorbell/handler/notify/event/a.b/front",
        "doorbell/handler/notify/status",
        "doorbell/handler/notify/ask/a.b",
        "doorbell/handler/notify/answer/light",
        "doorbell/handler/notify/press/home/front",
    ]
    assert topics.name_of(source) == "notify"
