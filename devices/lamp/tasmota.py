"""A lamp with Tasmota (https://tasmota.github.io/docs/Commands/#light)."""

from typing import Any

from devices.lamp.lamp import (
    ANSWER_S,
    WHITE,
    LampState,
    MqttLink,
    colour_of_hue,
    hue_and_saturation,
    mireds,
)
from devices.lamp.payload import json_object

COLDEST, WARMEST = 153, 500  # mireds that CT takes


class TasmotaLamp:
    """A bulb, dimmer or plug.

    Args:
        topic: The device's own.
        link: The way to the broker.
    """

    def __init__(self, topic: str, link: MqttLink) -> None:
        self._topic, self._link = topic, link

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light. It answers on RESULT, or on STATE with SetOption4; other answers come there, too."""
        question = (f"cmnd/{self._topic}/STATE", "", f"stat/{self._topic}/+")
        said = json_object(self._link.ask(*question, timeout_s=patience_s, wanted=_is_state))
        if not said:
            return None
        level = said.get("Dimmer")
        brightness = float(level) if isinstance(level, int | float) else None
        return LampState(_power(said) == "ON", brightness, _colour(said))

    def put(self, state: LampState) -> None:
        """See Light. In one message; the power comes last, because dimming switches on."""
        told = []
        if isinstance(state.colour, str):
            hue, saturation = hue_and_saturation(
                state.colour
            )  # Color itself would set the brightness, too
            told += [f"HSBColor1 {hue}", f"HSBColor2 {saturation}"]
        elif state.colour:
            told.append(f"CT {max(COLDEST, min(WARMEST, mireds(state.colour)))}")
        if state.brightness is not None:
            told.append(f"Dimmer {round(state.brightness)}")
        power = "ON" if state.on else "OFF"
        if told:
            self._link.publish(f"cmnd/{self._topic}/Backlog0", "; ".join([*told, f"POWER {power}"]))
        else:
            self._link.publish(f"cmnd/{self._topic}/POWER", power)

    def close(self) -> None:
        """See Light."""


def _power(said: dict[str, Any]) -> object:
    return said.get("POWER", said.get("POWER1"))


def _is_state(text: str) -> bool:
    """Its whole state says how long it is up; the answer to a mere command does not."""
    said = json_object(text)
    return "Uptime" in said and _power(said) in ("ON", "OFF")


def _colour(said: dict[str, Any]) -> str | int | None:
    """White by its temperature while its red, green and blue are dark."""
    try:
        temperature, shown = said.get("CT"), str(said.get("Color", ""))
        if temperature and not shown[:6].strip("0,"):
            return round(WHITE / float(temperature))
        hue, saturation, _ = str(said["HSBColor"]).split(",")
        return colour_of_hue(float(hue), float(saturation))
    except (KeyError, ValueError, TypeError):
        return None
