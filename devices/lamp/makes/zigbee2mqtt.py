"""A lamp behind Zigbee2MQTT.

https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html
"""

import json
import math
from typing import Any

from devices.lamp.lamp import LampState, MqttLink, colour_of, colour_of_hue, kelvin_of, mireds
from devices.lamp.makes.followed import FollowedLamp
from devices.lamp.payload import json_object, number

BRIGHTEST = 254
SRGB_LINEAR_END = 0.0031308  # IEC 61966-2-1


class Zigbee2MqttLamp(FollowedLamp):
    """A bulb or group.

    Args:
        name: The device's friendly name, or its whole topic if the base topic is not zigbee2mqtt.
        link: The connection to the broker.
    """

    def __init__(self, name: str, link: MqttLink) -> None:
        self._topic = name if "/" in name else f"zigbee2mqtt/{name}"
        base = self._topic.partition("/")[0]
        presences = (f"{base}/bridge/state", f"{self._topic}/availability")
        super().__init__(link, reports=[self._topic], presences=presences)

    def put(self, state: LampState) -> None:
        """See Light. With OFF the lamp takes no brightness, so that is set in a message before."""
        wanted: dict[str, Any] = {}
        if state.brightness is not None:
            wanted["brightness"] = round(state.brightness / 100 * BRIGHTEST)
        if isinstance(state.colour, str):
            wanted["color"] = {"hex": state.colour}
        elif state.colour:
            wanted["color_temp"] = mireds(state.colour)
        if state.on:
            self._set({"state": "ON", **wanted}, on=True)
            return
        if wanted:
            self._set(wanted, on=False)
        self._set({"state": "OFF"}, on=False)

    def _set(self, wanted: dict[str, Any], *, on: bool) -> None:
        self._command(f"{self._topic}/set", json.dumps(wanted), on=on)

    def _question(self) -> tuple[str, str]:
        """Zigbee2MQTT answers with everything that it knows of the device."""
        return f"{self._topic}/get", '{"state": ""}'

    def _fields_in(self, text: str) -> dict[str, Any]:
        return json_object(text)

    def _state_in(self, fields: dict[str, Any]) -> LampState | None:
        if fields.get("state") not in ("ON", "OFF"):
            return None
        level = number(fields.get("brightness"))
        percent = None if level is None else round(level / BRIGHTEST * 100, 1)
        return LampState(fields["state"] == "ON", percent, _colour(fields))


def _colour(state: dict[str, Any]) -> str | int | None:
    """The colour temperature or the colour; `color_mode` says which of them is set."""
    temperature = state.get("color_temp")
    colour = state.get("color")
    try:
        if temperature and (state.get("color_mode") == "color_temp" or not colour):
            return kelvin_of(float(temperature))
        if isinstance(colour, dict) and "x" in colour:
            return _colour_of_xy(float(colour["x"]), float(colour["y"]))
        if isinstance(colour, dict) and "hue" in colour:
            return colour_of_hue(float(colour["hue"]), float(colour["saturation"]))
    except (TypeError, ValueError, KeyError, ZeroDivisionError):
        pass
    return None


def _colour_of_xy(x: float, y: float) -> str:
    """`#rrggbb` of a CIE 1931 colour, as Zigbee2MQTT converts it: Philips' "Wide RGB D65", sRGB."""
    big_x = x / y
    big_z = (1 - x - y) / y
    red = big_x * 1.656492 - 0.354851 - big_z * 0.255038
    green = -big_x * 0.707196 + 1.655397 + big_z * 0.036152
    blue = big_x * 0.051713 - 0.121364 + big_z * 1.011530
    most = max(red, green, blue)
    return colour_of(*(_to_srgb(max(0.0, value / most)) for value in (red, green, blue)))


def _to_srgb(linear: float) -> float:
    """The sRGB value of linear light, both 0 to 1 (IEC 61966-2-1)."""
    if linear <= SRGB_LINEAR_END:
        return 12.92 * linear
    return 1.055 * math.pow(linear, 1 / 2.4) - 0.055
