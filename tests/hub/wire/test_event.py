"""The event: what is written can be read, and what cannot be read is refused in words."""

import json
import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import testing
from hub.system.clock import BOOT, Clock
from hub.wire import trace_context
from hub.wire.event import MAX_BYTES, BadEvent, Event, decode, encode, uuid7
from tests.hub.fakes import FakeClock

NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)
KINDS = st.from_regex(r"[a-z][a-z0-9_]{0,9}(\.[a-z][a-z0-9_]{0,9}){1,3}", fullmatch=True)
MOMENTS = st.floats(0, 7e9).map(lambda unix_s: datetime.fromtimestamp(unix_s, UTC))
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


@st.composite
def events(draw):
    """Any event that may be said."""
    kind = draw(KINDS)
    role = "hub" if kind.startswith("doorbell.") else "handler"
    return Event(
        id=uuid7(),
        type=kind,
        source=f"doorbell/{role}/{draw(NAMES)}",
        subject=draw(NAMES),
        time=draw(MOMENTS),
        data=draw(st.dictionaries(TEXT, JSON, max_size=4)),
        sequence=draw(st.integers(1, 10**16 - 1)),
        epoch=draw(st.from_regex(r"[0-9a-f]{16}", fullmatch=True)),
        traceparent=trace_context.begin(),
        cause=draw(st.none() | st.just(uuid7())),
    )


@st.composite
def mutated(draw):
    """A valid event in which one attribute is something else, or one byte is."""
    wire = json.loads(encode(draw(events())))
    if draw(st.booleans()):
        wire[draw(st.sampled_from(sorted(wire)))] = draw(JSON)
        return json.dumps(wire).encode()
    payload = bytearray(encode(draw(events())))
    payload[draw(st.integers(0, len(payload) - 1))] = draw(st.integers(0, 255))
    return bytes(payload)


def _wire(**changes):
    return json.dumps(json.loads(encode(testing.event())) | changes).encode()


@given(events())
def test_what_is_written_is_what_is_read(event):
    """decode(encode(e)) == e, for every event that may be said."""
    assert decode(encode(event)) == event


@given(st.binary(max_size=300) | mutated())
def test_reading_raises_bad_event_or_nothing(payload):
    """Whatever anybody sends, the reader answers with an event or with BadEvent."""
    with suppress(BadEvent):
        assert decode(payload).sequence >= 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 5000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"a": NaN}', "not JSON"),
        (b"{" + b" " * MAX_BYTES + b"}", "larger than 65536 bytes"),
        (_wire(specversion="0.3"), "specversion is not 1.0"),
        (_wire(data=[1]), "data is not an object"),
        (_wire(id=""), "id is missing or is not a text of 1 to 64 characters"),
        (_wire(id=7), "id is missing or is not a text of 1 to 64 characters"),
        (_wire(id="a\nb"), "id is missing or is not a text of 1 to 64 characters"),
        (_wire(type="x" * 129), "type is missing or is not a text of 1 to 128 characters"),
        (_wire(causationid=None), "causationid is missing or is not a text of 1 to 64 characters"),
        (_wire(time="2026-01-01T00:00:00"), "time has no zone"),
        (_wire(time="yesterday"), "time is not RFC 3339"),
        (_wire(time="0001-01-01T00:00:00+23:00"), "time is not RFC 3339"),
        (_wire(sequence="1"), "sequence is malformed"),
        (_wire(sequence="0" * 16), "sequence begins with 1"),
        (_wire(sequence="٣" * 16), "sequence is malformed"),
        (_wire(epoch="0" * 15), "epoch is malformed"),
        (_wire(traceparent="00-" + "0" * 32 + "-" + "1" * 16 + "-01"), "traceparent is malformed"),
        (_wire(source="doorbell/handler/x"), "only a hub may publish an event of this type"),
    ],
)
def test_a_refusal_says_why(payload, reason):
    """Each fault has its own words, and they name the attribute."""
    with pytest.raises(BadEvent, match=f"^{re.escape(reason)}$"):
        decode(payload)


@pytest.mark.parametrize(
    "key",
    [
        *("specversion", "source", "subject", "time", "sequence", "epoch", "traceparent"),
        pytest.param("type"),
    ],
)
def test_a_refusal_never_quotes_the_message(key):
    """Each reason is logged once, so a sender must not be able to make up new ones."""
    with pytest.raises(BadEvent) as refused:
        decode(_wire(**{key: "sneaky.words"}))
    assert "sneaky" not in str(refused.value)


@pytest.mark.parametrize(
    "data", [{"x": float("nan")}, {"x": {1}}, {"x": "\ud800"}, {"x": "y" * MAX_BYTES}]
)
def test_what_cannot_travel_is_refused_when_it_is_said(data):
    """Not JSON, or too large: the one who says it hears of it."""
    with pytest.raises(BadEvent):
        encode(testing.event(**data))


@pytest.mark.parametrize(
    "data",
    ['{"x": 1e999}', '{"x": "\\ud800"}', '{"x": [' + ",".join(["1e15"] * 9000) + "]}"],
    ids=["infinity", "surrogate", "grows"],
)
def test_what_could_not_be_written_again_is_refused(data):
    """The inbox keeps what it takes, so whatever cannot be stored is not accepted."""
    payload = encode(testing.event()).replace(b'"data":{}', f'"data":{data}'.encode())
    with pytest.raises(BadEvent):
        decode(payload)


def test_the_wire_is_cloudevents():
    """The attributes of CloudEvents 1.0, the time in UTC with a Z, the sequence as text."""
    event = testing.event(door="front", via="button")
    wire = json.loads(encode(event))
    assert wire["specversion"] == "1.0"
    assert (wire["sequence"], wire["subject"], wire["data"]) == (
        "0000000000000001",
        "front",
        {"via": "button"},
    )
    assert wire["time"].endswith("Z")
    assert "causationid" not in wire


def test_the_time_is_read_in_utc():
    """Another zone is another way to write the same moment."""
    event = decode(_wire(time="2026-07-01T14:00:00+02:00"))
    assert event.time == datetime(2026, 7, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    assert event.time.utcoffset() == timedelta()


@given(st.timedeltas(timedelta(days=-9), timedelta(days=9)))
def test_an_age_is_never_negative(elapsed):
    """A clock that was put back makes an event new, not of a negative age."""
    clock = FakeClock().stand()
    event = replace(testing.event(), boot="", time=clock.utc())
    clock.ahead_s = elapsed.total_seconds()
    assert event.age_s(clock) == pytest.approx(max(0.0, elapsed.total_seconds()), abs=0.001)


def test_ids_are_uuids_that_sort_by_time():
    """Version 7, RFC variant, the time first (RFC 9562, 5.7)."""
    ids = [uuid7() for _ in range(200)]
    assert all(
        re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", i)
        for i in ids
    )
    assert len(set(ids)) == 200
    assert [i[:13] for i in ids] == sorted(i[:13] for i in ids)


def test_how_often_it_was_delivered_is_no_part_of_an_event():
    """`redelivered` and `attempt` are not compared and do not travel."""
    event = testing.event()
    again = Event(
        **{name: getattr(event, name) for name in Event.__slots__}
        | {"redelivered": True, "attempt": 3}
    )
    assert again == event
    assert encode(again) == encode(event)


def test_a_press_of_a_hub_without_a_boot_or_a_time_is_not_old_elsewhere(tmp_path, monkeypatch):
    """Its clock is two days behind, and the event says that nobody has set it."""
    monkeypatch.delenv(BOOT, raising=False)
    hub = FakeClock(boot=Clock(tmp_path).boot, ahead_s=-172_800.0, synchronised=False)
    stamp = hub.stamp()
    seen = replace(
        testing.event(),
        time=stamp.time,
        boot=stamp.boot,
        uptime_s=stamp.uptime_s,
        synchronised=stamp.synchronised,
    )
    heard = decode(encode(seen))
    assert not heard.synchronised
    assert heard.age_s(FakeClock(boot="b" * 16)) == 0.0
