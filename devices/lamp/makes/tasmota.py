"""A lamp with Tasmota (https://tasmota.github.io/docs/Commands/#light)."""

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
FIELDS = (WHOLE, "POWER", "POWER1", "Dimmer", "Color", "HSBColor", "CT")


class TasmotaLamp(FollowedLamp):
    """A bulb, dimmer or plug.

    The device reports on RESULT, or on topics of their own with SetOption4: after a command only
    what that command changed, and everything when it is asked and every few minutes.

    Args:
        topic: The device's topic.
        link: The connection to the broker.
    """

    def __init__(self, topic: str, link: MqttLink) -> None:
        self._topic = topic
        reports = (f"stat/{topic}/+", f"tele/{topic}/STATE")
        super().__init__(link, reports=reports, presences=[f"tele/{topic}/LWT"])

    def put(self, state: LampState) -> None:
        """See Light. One message, with the power last, because dimming switches the lamp on."""
        commands = []
        if isinstance(state.colour, str):
            # The command Color would set the brightness, too.
            hue, saturation = hue_and_saturation(state.colour)
            commands += [f"HSBColor1 {hue}", f"HSBColor2 {saturation}"]
        elif state.colour:
            commands.append(f"CT {max(COLDEST, min(WARMEST, mireds(state.colour)))}")
        if state.brightness is not None:
            commands.append(f"Dimmer {round(state.brightness)}")
        power = "ON" if state.on else "OFF"
        if commands:
            commands.append(f"POWER {power}")
            self._command(f"cmnd/{self._topic}/Backlog0", "; ".join(commands), on=state.on)
        else:
            self._command(f"cmnd/{self._topic}/POWER", power, on=state.on)

    def _question(self) -> tuple[str, str]:
        return f"cmnd/{self._topic}/STATE", ""

    def _fields_in(self, text: str) -> dict[str, Any]:
        report = json_object(text)
        return {key: report[key] for key in FIELDS if key in report}

    def _state_in(self, fields: dict[str, Any]) -> LampState | None:
        power = fields.get("POWER", fields.get("POWER1"))
        if WHOLE not in fields or power not in ("ON", "OFF"):
            return None
        return LampState(power == "ON", number(fields.get("Dimmer")), _colour(fields))


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
