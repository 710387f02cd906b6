"""A lamp behind Zigbee2MQTT.

https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html
"""

import json
import math
import re
from typing import Any

from devices.lamp.lamp import LampState, MqttLink, colour_of, colour_of_hue, kelvin_of, mireds
from devices.lamp.makes.followed import FollowedLamp
from devices.lamp.makes.zigbee_group import ZigbeeGroup
from devices.lamp.payload import json_object, percent

BRIGHTEST = 254
OWN = ("state", "brightness", "color_mode", "color_temp", "color")  # what each output has
OUTPUT_STATE = re.compile(r"state_(\w+)")
SRGB_LINEAR_END = 0.0031308  # IEC 61966-2-1


class Zigbee2MqttLamp(FollowedLamp):
    """A bulb, one output of a device, or a group, which stands for its lamps.

    Args:
        name: The lamp's name in the settings, for errors.
        link: The connection to the broker.
        device: The friendly name, or the whole topic if the base topic is not zigbee2mqtt.
        output: The name of the output, like `l1`; empty for a device that has only one.
    """

    def __init__(self, name: str, link: MqttLink, device: str, output: str = "") -> None:
        self._topic = device if "/" in device else f"zigbee2mqtt/{device}"
        self._suffix = f"_{output}" if output else ""
        base, _, friendly_name = self._topic.partition("/")
        self._group = ZigbeeGroup(link, base, friendly_name)
        self._prefix = "" if base == "zigbee2mqtt" else f"{base}/"
        presences = (f"{base}/bridge/state", f"{self._topic}/availability")
        super().__init__(name, link, reports=[self._topic], presences=presences)

    def members(self) -> list[str]:
        """See Light."""
        if self._suffix:
            return []
        return [f"zigbee2mqtt:{self._prefix}{name}" for name in self._group.members()]

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
        fields = {f"{key}{self._suffix}": value for key, value in wanted.items()}
        self._command(f"{self._topic}/set", json.dumps(fields), on=on)

    def _question(self) -> tuple[str, str]:
        """Zigbee2MQTT answers with everything that it knows of the device."""
        return f"{self._topic}/get", json.dumps({f"state{self._suffix}": ""})

    def _fields_in(self, text: str) -> dict[str, Any]:
        return json_object(text)

    def _outputs_in(self, fields: dict[str, Any]) -> list[str]:
        if self._suffix or "state" in fields:
            return []
        found = [OUTPUT_STATE.fullmatch(key) for key in fields if fields[key] in ("ON", "OFF")]
        return [match[1] for match in found if match]

    def _state_in(self, fields: dict[str, Any]) -> LampState | None:
        own = {key: fields.get(f"{key}{self._suffix}") for key in OWN}
        if own["state"] not in ("ON", "OFF"):
            return None
        brightness = percent(own["brightness"], BRIGHTEST)
        return LampState(own["state"] == "ON", brightness, _colour(own))


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
