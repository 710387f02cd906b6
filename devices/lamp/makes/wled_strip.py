"""A strip with WLED by HTTP, which knows its segments (https://kno.wled.ge/interfaces/json-api)."""

from typing import Any

from devices.lamp.lamp import ANSWER_S, LampState, LightAwayError, channels, colour_of
from devices.lamp.makes.web_api import WebApi
from devices.lamp.payload import percent

BRIGHTEST = 255
SOLID = 0  # the number of the effect that shows a colour
KEPT = ("id", "on", "bri", "col", "fx", "sx", "ix", "pal")  # what is put back of a segment


class WledStrip:
    """A strip whose segments are read and put back one by one, with their effects.

    Args:
        name: The lamp's name in the settings, for errors.
        url: The strip's address.
    """

    def __init__(self, name: str, url: str) -> None:
        self._api = WebApi(name, url)
        self._segments: list[dict[str, Any]] = []

    def known(self) -> None:
        """See Light. It must be asked."""

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light."""
        try:
            found = self._api.call("/json/state", timeout_s=patience_s)
            self._segments = [
                {key: segment[key] for key in KEPT if key in segment} for segment in found["seg"]
            ]
            brightness = percent(found["bri"], BRIGHTEST)
            return LampState(bool(found["on"]), brightness, self._colour(), self._segments)
        except (LightAwayError, KeyError, TypeError, ValueError):
            return None

    def put(self, state: LampState) -> None:
        """See Light. A colour is shown by all segments, in place of their effects."""
        wanted: dict[str, Any] = {"on": state.on}
        if state.brightness is not None:
            wanted["bri"] = max(1, round(state.brightness / 100 * BRIGHTEST))
        if state.parts is not None:
            wanted["seg"] = state.parts
        elif isinstance(state.colour, str):
            look = {"on": True, "col": [channels(state.colour)], "fx": SOLID}
            wanted["seg"] = [{"id": segment["id"], **look} for segment in self._segments] or look
        self._api.call("/json/state", wanted, timeout_s=ANSWER_S)

    def members(self) -> list[str]:
        """See Light."""
        return []

    def close(self) -> None:
        """See Light."""

    def _colour(self) -> str | None:
        """The colour that all segments show; None if they differ."""
        colours = {colour_of(*segment["col"][0][:3]) for segment in self._segments}
        return colours.pop() if len(colours) == 1 else None
