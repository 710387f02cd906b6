"""A lamp behind Zigbee2MQTT (https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html)."""

import json
from typing import Any

from devices.lamp.lamp import ANSWER_S, WHITE, LampState, MqttLink, colour_of, colour_of_hue, mireds
from devices.lamp.payload import json_object

BRIGHTEST = 254


class Zigbee2MqttLamp:
    """A bulb or group.

    Args:
        name: The device's friendly name, or its topic when the base topic is not zigbee2mqtt.
        link: The way to the broker.
    """

    def __init__(self, name: str, link: MqttLink) -> None:
        self._topic, self._link = name if "/" in name else f"zigbee2mqtt/{name}", link

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light. It answers with all it knows of the device."""
        question = (f"{self._topic}/get", '{"state": ""}', self._topic)
        said = json_object(self._link.ask(*question, timeout_s=patience_s, wanted=_is_state))
        if not said:
            return None
        level = said.get("brightness")
        percent = round(level / BRIGHTEST * 100, 1) if isinstance(level, int | float) else None
        return LampState(said["state"] == "ON", percent, _colour(said))

    def put(self, state: LampState) -> None:
        """See Light. With OFF it takes no brightness: a lamp that goes off is told first how it is to be when lit."""
        wanted: dict[str, Any] = {}
        if state.brightness is not None:
            wanted["brightness"] = round(state.brightness / 100 * BRIGHTEST)
        if isinstance(state.colour, str):
            wanted["color"] = {"hex": state.colour}
        elif state.colour:
            wanted["color_temp"] = mireds(state.colour)
        if state.on:
            self._set({"state": "ON", **wanted})
            return
        if wanted:
            self._set(wanted)
        self._set({"state": "OFF"})

    def close(self) -> None:
        """See Light."""

    def _set(self, what: dict[str, Any]) -> None:
        self._link.publish(f"{self._topic}/set", json.dumps(what))


def _is_state(text: str) -> bool:
    return json_object(text).get("state") in ("ON", "OFF")


def _colour(said: dict[str, Any]) -> str | int | None:
    """By its `color_mode`: the other ones only follow."""
    temperature, colour = said.get("color_temp"), said.get("color")
    try:
        if temperature and (said.get("color_mode") == "color_temp" or not colour):
            return round(WHITE / float(temperature))
        if isinstance(colour, dict) and "x" in colour:
            return _of_xy(float(colour["x"]), float(colour["y"]))
        if isinstance(colour, dict) and "hue" in colour:
            return colour_of_hue(float(colour["hue"]), float(colour["saturation"]))
    except (TypeError, ValueError, KeyError, ZeroDivisionError):
        pass
    return None


def _of_xy(x: float, y: float) -> str:
    """As Zigbee2MQTT itself converts: Philips' "Wide RGB D65", and the curve of sRGB."""
    big_x, big_z = x / y, (1 - x - y) / y
    red = big_x * 1.656492 - 0.354851 - big_z * 0.255038
    green = -big_x * 0.707196 + 1.655397 + big_z * 0.036152
    blue = big_x * 0.051713 - 0.121364 + big_z * 1.011530
    most = max(red, green, blue)
    return colour_of(*(_curved(max(0.0, value / most)) for value in (red, green, blue)))


def _curved(value: float) -> float:
    """IEC 61966-2-1, from linear light."""
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055  # noqa: PLR2004
