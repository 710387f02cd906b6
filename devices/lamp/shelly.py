"""A Shelly device of the second generation or later.

https://shelly-api-docs.shelly.cloud/gen2/General/RPCProtocol
"""

import itertools
import json
from functools import partial
from typing import Any

from devices.lamp.lamp import ANSWER_S, LampState, MqttLink, channels, colour_of
from devices.lamp.payload import json_object, number

REPLY_PREFIX = "doorbell-light"  # all devices answer on this topic and /rpc
_call_ids = itertools.count(1)


class ShellyLamp:
    """The first component of a device.

    Args:
        prefix: The device's topic prefix.
        link: The connection to the broker.
        component: `Switch`, `Light`, `CCT`, `RGB` or `RGBW`.
    """

    def __init__(self, prefix: str, link: MqttLink, component: str = "Switch") -> None:
        self._topic = f"{prefix}/rpc"
        self._link = link
        self._component = component

    def read(self, patience_s: float = ANSWER_S) -> LampState | None:
        """See Light."""
        call_id = next(_call_ids)
        answer = self._link.ask(
            self._topic,
            self._call(call_id, "GetStatus", {"id": 0}),
            f"{REPLY_PREFIX}/rpc",
            timeout_s=patience_s,
            wanted=partial(_is_answer, call_id),
        )
        status = json_object(answer).get("result")
        if not isinstance(status, dict) or not isinstance(status.get("output"), bool):
            return None
        return LampState(status["output"], number(status.get("brightness")), _colour(status))

    def put(self, state: LampState) -> None:
        """See Light."""
        wanted: dict[str, Any] = {"id": 0, "on": state.on}
        if self._component != "Switch" and state.brightness is not None:
            wanted["brightness"] = round(state.brightness)
        if self._component.startswith("RGB") and isinstance(state.colour, str):
            wanted["rgb"] = channels(state.colour)
        if self._component == "CCT" and isinstance(state.colour, int):
            wanted["ct"] = state.colour
        self._link.publish(self._topic, self._call(next(_call_ids), "Set", wanted))

    def close(self) -> None:
        """See Light."""

    def _call(self, call_id: int, method: str, params: dict[str, Any]) -> str:
        call = {
            "id": call_id,
            "src": REPLY_PREFIX,
            "method": f"{self._component}.{method}",
            "params": params,
        }
        return json.dumps(call)


def _is_answer(call_id: int, text: str) -> bool:
    return json_object(text).get("id") == call_id


def _colour(status: dict[str, Any]) -> str | int | None:
    try:
        temperature = status.get("ct")
        if temperature is not None:
            return round(float(temperature))
        return colour_of(*(float(value) for value in status["rgb"]))
    except (KeyError, ValueError, TypeError):
        return None
