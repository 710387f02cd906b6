"""One look at the broker, as the command line's user: who answers, how fast, and what it keeps."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from config import Broker
from hub import refusal, topics
from hub.client import ClientFactory
from hub.quiet import QuietState
from hub.quiet import decode as decode_quiet

ANSWER_S = 4.0
QUIET_S = 0.5  # nothing has come for so long: the broker has told all that it keeps
VERSION = "$SYS/broker/version"
STEP_S = 0.05


@dataclass
class Seen:
    """What the broker was found to be, and to keep.

    Attributes:
        protocol: `5.0` or `3.1.1`.
        version: Its own name for itself; empty where it does not say.
        round_trip_ms: From a subscription to its acknowledgement.
        statuses: By source (`doorbell/hub/home`), what each process said last.
        quiet: By hub, whether its house is quiet.
    """

    protocol: str
    version: str = ""
    round_trip_ms: float = 0.0
    statuses: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    quiet: dict[str, QuietState] = field(default_factory=dict)


def look(broker: Broker) -> Seen:
    """Connect, listen to what is retained, and go.

    Raises:
        OSError: it cannot be reached, or will not have us; a RefusedError says what to do.
    """
    clients = ClientFactory(broker, f"doorbell-cli-{os.getpid()}")
    protocol = clients.find_protocol()
    client = clients.make(protocol)
    seen = Seen("5.0" if protocol.name == "MQTTv5" else "3.1.1")
    refused: list[str] = []
    greeted: list[float] = []
    granted: list[float] = []
    heard_at = [0.0]

    def answered(_: Any, __: Any, ___: Any, reason: Any, ____: Any) -> None:
        greeted.append(time.monotonic())
        if reason.is_failure:
            refused.append(refusal.of_login(reason.value, str(reason), clients.logged_in_as))

    def hear(_: Any, __: Any, message: Any) -> None:
        heard_at[0] = time.monotonic()
        _note(seen, topics.heard(message.topic), bytes(message.payload))

    client.on_connect = answered
    client.on_subscribe = lambda *_: granted.append(time.monotonic())
    client.on_message = hear

    def wait(done: Callable[[], object]) -> None:
        deadline = time.monotonic() + ANSWER_S
        while not done():
            if client.loop(STEP_S) or time.monotonic() > deadline:
                raise refusal.RefusedError("; ".join(refused) or refusal.HUNG_UP)

    clients.connect(client)
    try:
        wait(lambda: greeted)
        if refused:
            raise refusal.RefusedError(refused[0])
        asked_at = time.monotonic()
        client.subscribe([(VERSION, 0), (topics.status("doorbell/+/+"), 0), (topics.quiet("doorbell/hub/+"), 0)])
        wait(lambda: granted)
        seen.round_trip_ms = (granted[0] - asked_at) * 1000
        heard_at[0] = max(heard_at[0], granted[0])
        until = granted[0] + ANSWER_S
        while time.monotonic() < min(until, heard_at[0] + QUIET_S) and not client.loop(STEP_S):
            pass
    finally:
        client.disconnect()
        while not client.loop(STEP_S):  # until it has closed its socket
            pass
    return seen


def _note(seen: Seen, topic: str, payload: bytes) -> None:
    if topic == VERSION:
        seen.version = payload.decode(errors="replace").strip()[:80]
    elif topic.endswith("/status"):
        try:
            status = json.loads(payload)
        except (ValueError, RecursionError):
            return
        if isinstance(status, dict):
            seen.statuses[topic.removesuffix("/status")] = status
    elif state := decode_quiet(payload):
        seen.quiet[topic.split("/")[2]] = state
