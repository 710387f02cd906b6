"""A Shelly device of the second generation or later.

https://shelly-api-docs.shelly.cloud/gen2/General/RPCProtocol
"""

import itertools
import json
import random
from typing import Any

from devices.lamp.lamp import LampState, MqttLink, channels, colour_of
from devices.lamp.makes.followed import FollowedLamp
from devices.lamp.payload import json_object, number

REPLY_PREFIX = "doorbell-light"  # all devices answer on this topic and /rpc
_call_ids = itertools.count(random.randrange(1_000_000))  # other processes ask there, too


class ShellyLamp(FollowedLamp):
    """The first component of a device. Its "RPC status notifications" are on, as by default.

    Args:
        prefix: The device's topic prefix.
        link: The connection to the broker.
        component: `Switch`, `Light`, `CCT`, `RGB` or `RGBW`.
    """

    def __init__(self, prefix: str, link: MqttLink, component: str = "Switch") -> None:
        self._topic = f"{prefix}/rpc"
        self._component = component
        self._call_id = -1  # of the last question
        reports = (f"{prefix}/events/rpc", f"{REPLY_PREFIX}/rpc")
        super().__init__(link, reports=reports, presences=[f"{prefix}/online"])

    def put(self, state: LampState) -> None:
        """See Light."""
        wanted: dict[str, Any] = {"id": 0, "on": state.on}
        if self._component != "Switch" and state.brightness is not None:
            wanted["brightness"] = round(state.brightness)
        if self._component.startswith("RGB") and isinstance(state.colour, str):
            wanted["rgb"] = channels(state.colour)
        if self._component == "CCT" and isinstance(state.colour, int):
            wanted["ct"] = state.colour
        self._command(self._topic, self._call(next(_call_ids), "Set", wanted), on=state.on)

    def _question(self) -> tuple[str, str]:
        self._call_id = next(_call_ids)
        return self._topic, self._call(self._call_id, "GetStatus", {"id": 0})

    def _fields_in(self, text: str) -> dict[str, Any]:
        """The answer to our question is the whole state, a notification what has changed."""
        report = json_object(text)
        if report.get("id") == self._call_id:
            result = report.get("result")
            return {**result, "is_whole": True} if isinstance(result, dict) else {}
        changes = report.get("params")
        change = changes.get(f"{self._component.lower()}:0") if isinstance(changes, dict) else None
        return change if isinstance(change, dict) else {}

    def _state_in(self, fields: dict[str, Any]) -> LampState | None:
        if "is_whole" not in fields or not isinstance(fields.get("output"), bool):
            return None
        return LampState(fields["output"], number(fields.get("brightness")), _colour(fields))

    def _call(self, call_id: int, method: str, params: dict[str, Any]) -> str:
        call = {
            "id": call_id,
            "src": REPLY_PREFIX,
            "method": f"{self._component}.{method}",
            "params": params,
        }
        return json.dumps(call)


def _colour(status: dict[str, Any]) -> str | int | None:
    try:
        temperature = status.get("ct")
        if temperature is not None:
            return round(float(temperature))
        return colour_of(*(float(value) for value in status["rgb"]))
    except (KeyError, ValueError, TypeError):
        return None
