"""A Shelly of the second generation or later (https://shelly-api-docs.shelly.cloud/gen2/General/RPCProtocol)."""

import itertools
import json
from functools import partial
from typing import Any

from devices.lamp.lamp import ANSWER_S, LampState, MqttLink, channels, colour_of
from devices.lamp.payload import json_object

REPLIES = "doorbell-light"  # all of them answer on this, and /rpc
_numbers = itertools.count(1)


class ShellyLamp:
    """One component of a device, its first.

    Args:
        prefix: The device's topic prefix.
        link: The way to the broker.
        component: `Switch`, `Light`, `CCT`, `RGB` or `RGBW`.
    """

    def __init__(self, prefix: str, link: MqttLink, component: str = "Switch") -> None:
        self._prefix, self._link, self._component = prefix, link, component

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light."""
        number = next(_numbers)
        question = (
            f"{self._prefix}/rpc",
            self._call(number, "GetStatus", {"id": 0}),
            f"{REPLIES}/rpc",
        )
        answer = self._link.ask(*question, timeout_s=patience_s, wanted=partial(_answers, number))
        status = json_object(answer).get("result")
        if not isinstance(status, dict) or not isinstance(status.get("output"), bool):
            return None
        level = status.get("brightness")
        return LampState(
            status["output"],
            float(level) if isinstance(level, int | float) else None,
            _colour(status),
        )

    def put(self, state: LampState) -> None:
        """See Light."""
        wanted: dict[str, Any] = {"id": 0, "on": state.on}
        if self._component != "Switch" and state.brightness is not None:
            wanted["brightness"] = round(state.brightness)
        if self._component.startswith("RGB") and isinstance(state.colour, str):
            wanted["rgb"] = channels(state.colour)
        if self._component == "CCT" and isinstance(state.colour, int):
            wanted["ct"] = state.colour
        self._link.publish(f"{self._prefix}/rpc", self._call(next(_numbers), "Set", wanted))

    def close(self) -> None:
        """See Light."""

    def _call(self, number: int, method: str, params: dict[str, Any]) -> str:
        return json.dumps(
            {
                "id": number,
                "src": REPLIES,
                "method": f"{self._component}.{method}",
                "params": params,
            }
        )


def _answers(number: int, text: str) -> bool:
    return json_object(text).get("id") == number


def _colour(status: dict[str, Any]) -> str | int | None:
    try:
        if (temperature := status.get("ct")) is not None:
            return round(float(temperature))
        return colour_of(*(float(value) for value in status["rgb"]))
    except (KeyError, ValueError, TypeError):
        return None
