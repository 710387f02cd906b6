"""The event: CloudEvents 1.0 in JSON, the one thing that everybody here says and hears."""

import json
import math
import os
import re
import time as clock
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hub.system.clock import SYSTEM, Clock, Stamp, rfc3339
from hub.wire import streams, topics
from hub.wire.codec import BadMessage
from hub.wire.trace_context import TRACEPARENT

MAX_BYTES = 65_536  # far below any broker's packet limit; pictures travel by reference
PLAIN_DEPTH = 100
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
EPOCH = re.compile(r"[0-9a-f]{16}")
_SEQUENCE = re.compile(r"[0-9]{16}")
_BOOT = re.compile(r"[0-9a-f]{16}")
_UPTIME = re.compile(r"[0-9]{1,12}(\.[0-9]{1,9})?")
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2200, 1, 1, tzinfo=UTC)  # no clock of ours is as wrong as that
MOST_ATTEMPTS = 1000
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
CLOCK_STATES = {"synchronised": True, "unsynchronised": False}


class BadEvent(BadMessage):
    """A message that is not one of our events. Its text says why, and never quotes the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened.

    Attributes:
        id: UUIDv7 (RFC 9562, 5.7). The same event keeps it, however often it is delivered.
        type: What happened, like `doorbell.pressed`.
        source: The process that says so, like `doorbell/hub/home`.
        subject: What it happened to: for most events the door.
        time: When it happened, in UTC.
        data: What else there is to know; any JSON object.
        sequence: Its place among the events of its stream and epoch, from 1.
        epoch: The numbering of the sequence; a producer without its journal begins another.
        traceparent: W3C Trace Context; events that follow from one press share its trace id.
        cause: The id of the event that this one follows from.
        boot: Which boot of which machine saw it; empty when its speaker does not say.
        uptime_s: Seconds from that boot to the event.
        synchronised: Whether the clock that `time` was read from could be believed.
        redelivered: A crash may have come between the act and its record: it may be done already.
        attempt: 1 for the first try.
    """

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    data: Mapping[str, Any]
    sequence: int
    epoch: str
    traceparent: str
    cause: str | None = None
    boot: str = ""
    uptime_s: float = 0.0
    synchronised: bool = True
    redelivered: bool = field(default=False, compare=False)
    attempt: int = field(default=1, compare=False)

    @property
    def door(self) -> str:
        """The door that it is about."""
        return self.subject

    @property
    def is_drill(self) -> bool:
        """Whether it is a marked test press: nobody is at the door."""
        return self.type == topics.DRILLED

    @property
    def stream(self) -> str:
        """What its sequence belongs to, with its epoch: its source, type and subject."""
        return streams.of(self.source, self.type, self.subject)

    @property
    def numbering(self) -> streams.Numbering:
        """Its stream and epoch."""
        return self.stream, self.epoch

    @property
    def key(self) -> streams.Key:
        """What journals and inboxes keep it by: its stream, epoch and sequence."""
        return self.stream, self.epoch, self.sequence

    @property
    def stamp(self) -> Stamp:
        """When it happened, in every way that is known."""
        return Stamp(self.time, self.boot, self.uptime_s, self.synchronised)

    def age_s(self, clock: Clock = SYSTEM) -> float:
        """Seconds since it happened, whatever the wall clock did; at least, where unknown."""
        return clock.age_s(self.stamp)


def encode(event: Event) -> bytes:
    """The event as CloudEvents JSON (structured content mode).

    Raises:
        BadEvent: its data is not JSON, or the whole is larger than MAX_BYTES.
    """
    wire: dict[str, Any] = {
        "specversion": "1.0",
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": rfc3339(event.time, "microseconds"),
        "datacontenttype": "application/json",
        # Sequence is a string that sorts (CloudEvents' sequence extension), hence the zeros.
        "sequence": f"{event.sequence:016d}",
        "epoch": event.epoch,
        "traceparent": event.traceparent,
        "data": event.data,
    }
    if event.cause:
        wire["causationid"] = event.cause
    if event.boot:
        wire |= {"bootid": event.boot, "uptime": f"{event.uptime_s:.6f}"}
        wire["clock"] = "synchronised" if event.synchronised else "unsynchronised"
    try:
        payload = _JSON.encode(wire).encode()
    except (TypeError, ValueError, RecursionError):
        raise BadEvent(
            "its data is not JSON: only text, finite numbers, true, false, null, lists and objects"
        ) from None
    if len(payload) > MAX_BYTES:
        raise BadEvent(f"larger than {MAX_BYTES} bytes. Send large data as a path")
    return payload


def decode(payload: bytes) -> Event:
    """Read an event from the wire.

    Raises:
        BadEvent: whatever is wrong with it.
    """
    if len(payload) > MAX_BYTES:
        raise BadEvent(f"larger than {MAX_BYTES} bytes")
    try:
        wire = _READ.decode(payload.decode())
    except (ValueError, RecursionError):
        raise BadEvent("not JSON") from None
    if not isinstance(wire, dict):
        raise BadEvent("not a JSON object")
    event = from_wire(wire)
    if not _is_plain(payload):
        encode(event)  # what cannot be written again (half a surrogate) could not be kept
    return event


def from_wire(wire: Mapping[str, Any]) -> Event:
    """Build an event from its JSON object; whether it can be written again is not tried.

    Raises:
        BadEvent: an attribute is missing or is not what it must be.
    """
    if wire.get("specversion") != "1.0":
        raise BadEvent("specversion is not 1.0")
    data = wire.get("data", {})
    if not isinstance(data, dict):
        raise BadEvent("data is not an object")
    if not _is_attempt(data.get("attempt", 1)) and str(wire.get("type")).startswith("handler."):
        raise BadEvent(f"attempt is not a whole number from 1 to {MOST_ATTEMPTS}")
    source, kind, subject = (_text(wire, key, 128) for key in ("source", "type", "subject"))
    if fault := topics.fault_in(source, kind, subject):
        raise BadEvent(fault)
    return Event(
        id=_text(wire, "id", 64),
        type=kind,
        source=source,
        subject=subject,
        time=_time(_text(wire, "time", 40)),
        data=data,
        sequence=_sequence(wire),
        epoch=_matching(EPOCH, wire, "epoch", 16),
        traceparent=_matching(TRACEPARENT, wire, "traceparent", 55),
        cause=_text(wire, "causationid", 64) if "causationid" in wire else None,
        **(_clocks(wire) if "bootid" in wire else {}),
    )


def _is_plain(payload: bytes) -> bool:
    """Whether it is sure without a try that what is read can be written again.

    It has no escaped characters, is not deep, and stays small enough however its numbers are
    written.
    """
    depth = payload.count(b"{") + payload.count(b"[")
    return b"\\u" not in payload and depth <= PLAIN_DEPTH and len(payload) <= MAX_BYTES // 8


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is too large")
    return number


def _clocks(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The three attributes that say how far `time` can be believed; they come together."""
    clock = wire.get("clock")
    if not isinstance(clock, str) or clock not in CLOCK_STATES:
        raise BadEvent("clock is neither synchronised nor unsynchronised")
    return {
        "boot": _matching(_BOOT, wire, "bootid", 16),
        "uptime_s": float(_matching(_UPTIME, wire, "uptime", 22)),
        "synchronised": CLOCK_STATES[clock],
    }


def _text(wire: Mapping[str, Any], key: str, limit: int) -> str:
    value = wire.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= limit or not value.isprintable():
        raise BadEvent(f"{key} is missing or is not a text of 1 to {limit} characters")
    return value


def _matching(pattern: re.Pattern[str], wire: Mapping[str, Any], key: str, limit: int) -> str:
    value = wire.get(key)
    if isinstance(value, str) and pattern.fullmatch(value):
        return value
    _text(wire, key, limit)
    raise BadEvent(f"{key} is malformed")


def _sequence(wire: Mapping[str, Any]) -> int:
    number = int(_matching(_SEQUENCE, wire, "sequence", 16))
    if number < 1:
        raise BadEvent("sequence begins with 1")
    return number


def _time(text: str) -> datetime:
    """RFC 3339 with a zone, as CloudEvents wants it."""
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise BadEvent("time has no zone")
        time = time.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise error if isinstance(error, BadEvent) else BadEvent("time is not RFC 3339") from None
    if not FIRST <= time < LAST:
        raise BadEvent(f"time is not from {FIRST.year} to {LAST.year - 1}")
    return time


def _is_attempt(value: Any) -> bool:
    return type(value) is int and 1 <= value <= MOST_ATTEMPTS


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_READ = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse_constant)


def uuid7() -> str:
    """A UUID that sorts by time: 48 bits of Unix milliseconds, then chance (RFC 9562, 5.7)."""
    milliseconds = clock.time_ns() // 1_000_000
    number = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76  # version
    number = number & ~(0x3 << 62) | 0x2 << 62  # variant
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
