"""A lamp with Tasmota (https://tasmota.github.io/docs/Commands/#light)."""

from typing import Any

from devices.lamp.lamp import (
    ANSWER_S,
    LampState,
    MqttLink,
    colour_of_hue,
    hue_and_saturation,
    kelvin_of,
    mireds,
)
from devices.lamp.payload import json_object, number

COLDEST = 153  # mireds, the limits of CT
WARMEST = 500


class TasmotaLamp:
    """A bulb, dimmer or plug.

    Args:
        topic: The device's topic.
        link: The connection to the broker.
    """

    def __init__(self, topic: str, link: MqttLink) -> None:
        self._topic = topic
        self._link = link

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light.

        The device answers on RESULT, or on STATE with SetOption4. Other answers come there, too.
        """
        answer = self._link.ask(
            f"cmnd/{self._topic}/STATE",
            "",
            f"stat/{self._topic}/+",
            timeout_s=patience_s,
            wanted=_is_state,
        )
        state = json_object(answer)
        if not state:
            return None
        return LampState(_power(state) == "ON", number(state.get("Dimmer")), _colour(state))

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
            self._link.publish(f"cmnd/{self._topic}/Backlog0", "; ".join(commands))
        else:
            self._link.publish(f"cmnd/{self._topic}/POWER", power)

    def close(self) -> None:
        """See Light."""


def _power(state: dict[str, Any]) -> object:
    return state.get("POWER", state.get("POWER1"))


def _is_state(text: str) -> bool:
    """Whether this is the whole state: only that contains Uptime, unlike a command's answer."""
    state = json_object(text)
    return "Uptime" in state and _power(state) in ("ON", "OFF")


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
