"""A strip with WLED (https://kno.wled.ge/interfaces/mqtt/ and its JSON API)."""

import json
import re
import threading
from typing import Any

from devices.lamp.lamp import ANSWER_S, LampState, MqttLink, channels, colour_of
from devices.lamp.payload import json_value

BRIGHTEST = 255


class WledLamp:
    """It cannot be asked over MQTT: it speaks when it changes, so it is listened to all the time.

    For what it said before we listened, its option "Retain brightness & color messages" must be on.

    Args:
        topic: The device topic.
        link: The way to the broker.
    """

    def __init__(self, topic: str, link: MqttLink) -> None:
        self._topic, self._link = topic, link
        self._level: int | None = None  # its brightness from 0 (off) to 255
        self._lit = 0  # the last one that was not 0
        self._colour: str | None = None
        self._is_away = False
        self._heard = threading.Event()
        link.follow(f"{topic}/c", self._hear_colour)
        link.follow(f"{topic}/g", self._hear_level)
        link.follow(f"{topic}/status", self._hear_status)

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light. A strip that is off does not say how bright it will be when lit; what was heard is remembered."""
        if not self._heard.wait(patience_s) or self._is_away or self._level is None:
            return None
        percent = round((self._level or self._lit) / BRIGHTEST * 100, 1)
        return LampState(self._level > 0, percent or None, self._colour)

    def put(self, state: LampState) -> None:
        """See Light. A colour temperature is more than its strips can do."""
        told: dict[str, Any] = {"on": state.on}
        if state.brightness is not None:
            told["bri"] = max(1, round(state.brightness / 100 * BRIGHTEST))
        if isinstance(state.colour, str):
            told["seg"] = [{"col": [channels(state.colour)]}]
        self._link.publish(f"{self._topic}/api", json.dumps(told))

    def close(self) -> None:
        """See Light."""

    def _hear_level(self, text: str) -> None:
        level = json_value(text)
        if isinstance(level, int) and not isinstance(level, bool):
            self._level, self._lit = level, level or self._lit
            self._heard.set()

    def _hear_colour(self, text: str) -> None:
        if re.fullmatch(
            r"#([0-9a-fA-F]{2})?[0-9a-fA-F]{6}", text
        ):  # white comes before red, where it has one
            self._colour = colour_of(*channels(text[-6:])) if text[-6:].strip("0") else None

    def _hear_status(self, text: str) -> None:
        self._is_away = text == "offline"
