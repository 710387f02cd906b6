"""A strip with WLED (https://kno.wled.ge/interfaces/mqtt/, and its JSON API)."""

import json
import re
import threading
from typing import Any

from devices.lamp.lamp import ANSWER_S, LampState, MqttLink, channels, colour_of
from devices.lamp.payload import json_value

BRIGHTEST = 255
# White comes before red, on strips that have it.
COLOUR = re.compile(r"#([0-9a-fA-F]{2})?[0-9a-fA-F]{6}")


class WledLamp:
    """A strip, which cannot be asked over MQTT: it reports its changes, so we listen all the time.

    To know its state from before that, its option "Retain brightness & color messages" must be on.

    A colour goes to all segments that are selected in WLED, as its own buttons do it.

    Args:
        link: The connection to the broker.
        topic: The device topic.
    """

    def __init__(self, link: MqttLink, topic: str) -> None:
        self._topic = topic
        self._link = link
        self._level: int | None = None  # brightness from 0 (off) to 255
        self._last_lit_level = 0
        self._colour: str | None = None
        self._is_offline = False
        self._has_level = threading.Event()
        link.follow(f"{topic}/c", self._on_colour)
        link.follow(f"{topic}/g", self._on_level)
        link.follow(f"{topic}/status", self._on_status)

    def known(self) -> LampState | None:
        """See Light."""
        return self.read(0)

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light. For a strip that is off the brightness is the last one that it reported."""
        if not self._has_level.wait(patience_s) or self._is_offline or self._level is None:
            return None
        percent = round((self._level or self._last_lit_level) / BRIGHTEST * 100, 1)
        return LampState(self._level > 0, percent or None, self._colour)

    def put(self, state: LampState) -> None:
        """See Light. The colour temperature is ignored: strips have none."""
        wanted: dict[str, Any] = {"on": state.on}
        if state.brightness is not None:
            wanted["bri"] = max(1, round(state.brightness / 100 * BRIGHTEST))
        if isinstance(state.colour, str):
            wanted["seg"] = {"col": [channels(state.colour)]}
        self._link.publish(f"{self._topic}/api", json.dumps(wanted))

    def members(self) -> list[str]:
        """See Light."""
        return []

    def close(self) -> None:
        """See Light."""

    def _on_level(self, text: str) -> None:
        level = json_value(text)
        if isinstance(level, int) and not isinstance(level, bool):
            self._level = level
            self._last_lit_level = level or self._last_lit_level
            self._has_level.set()

    def _on_colour(self, text: str) -> None:
        if COLOUR.fullmatch(text):
            is_black = not text[-6:].strip("0")
            self._colour = None if is_black else colour_of(*channels(text[-6:]))

    def _on_status(self, text: str) -> None:
        self._is_offline = text == "offline"
