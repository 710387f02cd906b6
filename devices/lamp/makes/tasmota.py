"""A lamp with Tasmota (https://tasmota.github.io/docs/Commands/#light)."""

import re
from typing import Any

from devices.lamp.lamp import (
    LampState,
    MqttLink,
    colour_of_hue,
    hue_and_saturation,
    kelvin_of,
    mireds,
)
from devices.lamp.makes.followed import FollowedLamp
from devices.lamp.payload import json_object, number

COLDEST = 153  # mireds, the limits of CT
WARMEST = 500
WHOLE = "Uptime"  # only a report of the whole state has it, unlike the answer to a command
FIELD = re.compile(rf"{WHOLE}|POWER\d*|Dimmer|Channel\d+|Color|HSBColor|CT")
POWER = re.compile(r"POWER(\d+)")
ALIASES = {"": "POWER1", "1": "POWER"}  # a device with one output numbers it, or does not
PREFIX = "%prefix%"


class TasmotaLamp(FollowedLamp):
    """A bulb, dimmer, plug, or one output of a device.

    The device reports on RESULT, or on topics of their own with SetOption4: after a command only
    what that command changed, and everything when it is asked and every few minutes.

    Relays are numbered first, and the light of a device comes last. With SetOption68 each channel
    is an output with a brightness of its own.

    Args:
        name: The lamp's name in the settings, for errors.
        link: The connection to the broker.
        topic: The device's topic; with `%prefix%` its FullTopic, where that was changed.
        output: The number of the output, from 1; empty for a device that has only one.
    """

    def __init__(self, name: str, link: MqttLink, topic: str, output: str = "") -> None:
        full_topic = topic if PREFIX in topic else f"{PREFIX}/{topic}"
        self._command_topic = full_topic.replace(PREFIX, "cmnd")
        self._output = output
        answers = full_topic.replace(PREFIX, "stat")
        telemetry = full_topic.replace(PREFIX, "tele")
        reports = (f"{answers}/+", f"{telemetry}/STATE")
        super().__init__(name, link, reports=reports, presences=[f"{telemetry}/LWT"])

    def put(self, state: LampState) -> None:
        """See Light. One message, with the power last, because dimming switches the lamp on."""
        power = f"POWER{self._output}"
        switch = "ON" if state.on else "OFF"
        commands = self._shine(state)
        if commands:
            commands.append(f"{power} {switch}")
            self._command(f"{self._command_topic}/Backlog0", "; ".join(commands), on=state.on)
        else:
            self._command(f"{self._command_topic}/{power}", switch, on=state.on)

    def _shine(self, state: LampState) -> list[str]:
        """The commands for colour and brightness, as far as this output has them."""
        channel = f"Channel{self._output}"
        if channel in self._fields and state.brightness is not None:
            return [f"{channel} {round(state.brightness)}"]
        if not self._is_the_light:
            return []
        commands = []
        if isinstance(state.colour, str):
            # The command Color would set the brightness, too.
            hue, saturation = hue_and_saturation(state.colour)
            commands += [f"HSBColor1 {hue}", f"HSBColor2 {saturation}"]
        elif state.colour:
            commands.append(f"CT {max(COLDEST, min(WARMEST, mireds(state.colour)))}")
        if state.brightness is not None:
            commands.append(f"Dimmer {round(state.brightness)}")
        return commands

    @property
    def _is_the_light(self) -> bool:
        """Whether the device's brightness and colour are those of this output."""
        if not self._output:
            return True
        outputs = _outputs(self._fields) or ["1"]
        return "Dimmer" in self._fields and self._output == outputs[-1]

    def _question(self) -> tuple[str, str]:
        return f"{self._command_topic}/STATE", ""

    def _fields_in(self, text: str) -> dict[str, Any]:
        report = json_object(text)
        return {key: report[key] for key in report if FIELD.fullmatch(key)}

    def _outputs_in(self, fields: dict[str, Any]) -> list[str]:
        outputs = _outputs(fields)
        return outputs if len(outputs) > 1 and not self._output else []

    def _state_in(self, fields: dict[str, Any]) -> LampState | None:
        alias = ALIASES.get(self._output, "")
        power = fields.get(f"POWER{self._output}", fields.get(alias))
        if WHOLE not in fields or power not in ("ON", "OFF"):
            return None
        if self._is_the_light:
            return LampState(power == "ON", number(fields.get("Dimmer")), _colour(fields))
        return LampState(power == "ON", number(fields.get(f"Channel{self._output}")))


def _outputs(fields: dict[str, Any]) -> list[str]:
    """The numbers of the outputs that a device reports."""
    numbers = [found[1] for key in fields if (found := POWER.fullmatch(key))]
    return sorted(numbers, key=int)


def _colour(state: dict[str, Any]) -> str | int | None:
    """The colour temperature while red, green and blue are off; otherwise the colour."""
    try:
        temperature = state.get("CT")
        red_green_blue = str(state.get("Color", ""))[:6]
        if temperature and not red_green_blue.strip("0,"):
            return kelvin_of(float(temperature))
        hue, saturation, _ = str(state["HSBColor"]).split(",")
        return colour_of_hue(float(hue), float(saturation))
    except (KeyError, ValueError, TypeError):
        return None
