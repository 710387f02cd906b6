"""How a process is, said once and kept by the broker: retained, with a last will for when it vanishes."""

import json
import os
from datetime import UTC, datetime

from hub.mqtt.bus import Bus, Will
from hub.system import sd_notify
from hub.wire import topics

STATES = ("starting", "ready", "failed", "offline")


def will(source: str) -> Will:
    """What the broker is to say when we vanish."""
    return Will(
        topics.status(source), json.dumps({"state": "offline", "reason": "it vanished"}).encode()
    )


class Status:
    """Says `starting`, `ready`, `failed: why` or `offline`, again after each reconnect."""

    def __init__(self, bus: Bus, source: str) -> None:
        self._bus, self._topic = bus, topics.status(source)
        self._state, self._reason = "starting", ""
        self._notes: dict[str, str] = {}
        bus.on_connect.append(self._say)

    def set(self, state: str, reason: str = "") -> None:
        """Say how we are now.

        Args:
            state: One of STATES.
            reason: Why, in words for the person who has to mend it.
        """
        self._state, self._reason = state, reason
        self._say()

    def note(self, part: str, words: str) -> None:
        """Say what is wrong with a part of us, while the rest is well.

        Args:
            part: Which: its last words count.
            words: What is wrong; empty when it is mended.
        """
        self._notes[part] = words
        if self._state == "ready":
            self._say()

    def _say(self) -> None:
        reason = self._reason or (
            "; ".join(filter(None, self._notes.values())) if self._state == "ready" else ""
        )
        sd_notify.status(self._state, reason)
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        status = {
            "state": self._state,
            "reason": reason,
            "time": now,
            "pid": os.getpid(),
            "mqtt": self._bus.protocol,
        }
        self._bus.publish(
            self._topic, json.dumps(status).encode(), retain=True, content_type="application/json"
        )
