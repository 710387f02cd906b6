"""A light or switch of Home Assistant (https://developers.home-assistant.io/docs/api/rest)."""

from typing import Any

from devices.lamp.described import HomeAssistantSettings
from devices.lamp.lamp import ANSWER_S, LampState, LightAwayError, channels, colour_of
from devices.lamp.makes.web_api import WebApi
from devices.lamp.payload import percent

BRIGHTEST = 255
SERVICE_S = 8.0  # Home Assistant answers when the lamp has done it, or has not


class HomeAssistantLamp:
    """An entity that can be switched on and off; of a light also brightness and colour.

    Args:
        settings: Where Home Assistant is.
        entity: Its id, like `light.porch`. A group stands for its members.
    """

    def __init__(self, settings: HomeAssistantSettings, entity: str) -> None:
        authorization = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        self._api = WebApi("Home Assistant", settings.url, authorization)
        self._entity = entity

    def members(self) -> list[str]:
        """See Light."""
        found = self._get(ANSWER_S)["attributes"].get("entity_id")
        return [f"homeassistant:{entity}" for entity in found] if isinstance(found, list) else []

    def known(self) -> None:
        """See Light. It must be asked."""

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light. Home Assistant says `unavailable` of a lamp that is gone."""
        try:
            found = self._get(patience_s)
        except LightAwayError:
            return None
        if found.get("state") not in ("on", "off"):
            return None
        shown = found["attributes"]
        brightness = percent(shown.get("brightness"), BRIGHTEST)
        return LampState(found["state"] == "on", brightness, _colour(shown))

    def put(self, state: LampState) -> None:
        """See Light. Home Assistant leaves out what the lamp cannot do."""
        domain = self._entity.partition(".")[0]
        wanted: dict[str, Any] = {"entity_id": self._entity}
        if state.on and domain == "light":
            wanted |= _look(state)
        service = f"/api/services/{domain}/turn_{'on' if state.on else 'off'}"
        self._api.call(service, wanted, timeout_s=SERVICE_S)

    def close(self) -> None:
        """See Light."""

    def _get(self, timeout_s: float) -> dict[str, Any]:
        found = self._api.call(f"/api/states/{self._entity}", timeout_s=timeout_s)
        if not isinstance(found, dict) or not isinstance(found.get("attributes"), dict):
            raise LightAwayError(f"Home Assistant does not say how {self._entity} is")
        return found


def _look(state: LampState) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    if state.brightness is not None:
        wanted["brightness"] = max(1, round(state.brightness / 100 * BRIGHTEST))
    if isinstance(state.colour, str):
        wanted["rgb_color"] = channels(state.colour)
    elif state.colour:
        wanted["color_temp_kelvin"] = state.colour
    return wanted


def _colour(shown: dict[str, Any]) -> str | int | None:
    """The colour temperature or the colour; `color_mode` says which of them is set."""
    try:
        if shown.get("color_mode") == "color_temp":
            return round(float(shown["color_temp_kelvin"]))
        if shown.get("color_mode") in ("hs", "rgb", "rgbw", "rgbww", "xy"):
            return colour_of(*(float(value) for value in shown["rgb_color"]))
    except (KeyError, TypeError, ValueError):
        pass
    return None
