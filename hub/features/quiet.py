"""The hub's say on quiet: the schedule, and over it what somebody wished, for a time or until further notice."""

import json
import logging
import math
import threading
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from config import Settings
from hub.features.feature import Feature
from hub.mqtt.bus import Bus, Message
from hub.store.database import State, StateError
from hub.store.memory import DiskMemory
from hub.system.clock import Clock
from hub.wire import topics
from hub.wire.quiet import QuietState, by_schedule

log = logging.getLogger(__name__)
WISHED = "quiet wished"  # in the hub's memory
LONGEST_S = 30 * 86_400
SAME_S = 2.0
ID_LENGTH = 64
WORDS = {"on": True, "off": False, "auto": None}


class QuietKeeper(Feature):
    """Keeps the house's quiet as a retained message, which says how it is and until when."""

    def __init__(self, settings: Settings, state: State, bus: Bus) -> None:
        self._hours, self._bus, self._clock = settings.quiet, bus, state.clock
        self._topic = topics.quiet(topics.source("hub", settings.hub))
        self._memory = DiskMemory(state)
        self._said: QuietState | None = None
        self._wish_id = ""
        self._wishing = (
            threading.Lock()
        )  # wishes come in the network thread; nothing is published with it held
        bus.on_connect.append(self._say_again)
        bus.subscribe(topics.quiet_wish("doorbell/+/+", settings.hub), self._wish)

    def tick(self) -> None:
        """Say it when it has changed; called once a second."""
        try:
            self._say()
        except StateError as error:
            log.warning("quiet: %s", error)

    def reason(self) -> str | None:
        """Why nothing may make a noise now; None when it may."""
        state = self._said or self.state()
        return state.words if state.quiet else None

    def state(self) -> QuietState:
        """How it is now."""
        with self._wishing:
            wish_id, wished = self._wish_id, self._memory.get(WISHED)
            left_s = _left_s(wished, self._clock) if wished else 0
            if wished and left_s <= 0:
                del self._memory[WISHED]  # or a clock that is set back would bring it back
        if wished and left_s > 0:
            return QuietState(wished["quiet"], "command", self._until(left_s), wish_id)
        now = datetime.fromtimestamp(self._clock.unix_s()).astimezone()
        return replace(by_schedule(self._hours, now), wish=wish_id)

    def _until(self, left_s: float) -> datetime | None:
        """When a wish ends, for people: the same moment each time it is asked, unless the clock was set."""
        if math.isinf(left_s):
            return None
        until, said = (
            self._clock.utc() + timedelta(seconds=left_s),
            self._said,
        )  # another thread may forget it
        same = said and said.until and abs((until - said.until).total_seconds()) < SAME_S
        return said.until if said and same else until

    def _say(self) -> None:
        state = self.state()
        if state != self._said:
            self._said = state
            log.info("quiet: %s", state.words)
            self._publish(state)

    def _say_again(self) -> None:
        if said := self._said:
            self._publish(said)

    def _publish(self, state: QuietState) -> None:
        self._bus.publish(self._topic, state.encode(), retain=True, content_type="application/json")

    def _wish(self, message: Message) -> None:
        """Somebody wants quiet, or wants none, or what the clock says. Retained it is none: it was meant once."""
        message.ack()
        wish = None if message.retained else _read(message.payload)
        if wish is None:
            log.warning("%s: not a wish for quiet. Write on, off, auto, or JSON", message.topic)
            return
        quiet, for_s, wish_id = wish
        self._note(quiet=quiet, for_s=for_s, wish_id=wish_id)
        self._said = None
        self._say()

    def _note(self, *, quiet: bool | None, for_s: float | None, wish_id: str) -> None:
        """Keep it. If it comes twice its time goes on, and does not begin anew."""
        now = {
            "boot": self._clock.boot,
            "uptime_s": self._clock.uptime_s(),
            "unix_s": self._clock.unix_s(),
        }
        wished = {"id": wish_id, "quiet": quiet, "for_s": for_s}
        with self._wishing:
            if quiet is None:
                self._memory.pop(WISHED, None)
            elif not (wish_id and (self._memory.get(WISHED) or {}).items() >= wished.items()):
                self._memory[WISHED] = wished | now
            self._wish_id = wish_id


def _read(payload: bytes) -> tuple[bool | None, float | None, str] | None:
    """Quiet or not or as the clock says, for how many seconds, and the wish's id; None when it is no wish."""
    text = payload.decode(errors="replace").strip()
    if text.lower() in WORDS:
        return WORDS[text.lower()], None, ""
    try:
        wish = json.loads(text)
        quiet, for_s, name = wish["quiet"], wish.get("for_s"), wish.get("id", "")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    is_wish = (
        (quiet is None or isinstance(quiet, bool))
        and isinstance(name, str)
        and len(name) <= ID_LENGTH
    )
    return (quiet, for_s, name) if is_wish and (for_s is None or _is_time(for_s)) else None


def _is_time(for_s: object) -> bool:
    return isinstance(for_s, int | float) and not isinstance(for_s, bool) and 0 < for_s <= LONGEST_S


def _left_s(wished: dict[str, Any], clock: Clock) -> float:
    """How long a wish still holds: within a boot by the clock that never jumps, over a reboot by the wall's."""
    if wished["for_s"] is None:
        return math.inf
    if wished["boot"] == clock.boot:
        return float(wished["uptime_s"] + wished["for_s"] - clock.uptime_s())
    return float(min(wished["for_s"], wished["unix_s"] + wished["for_s"] - clock.unix_s()))
