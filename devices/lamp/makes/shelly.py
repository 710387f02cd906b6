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
    """One output of a device. Its "RPC status notifications" are on, as by default.

    Args:
        name: The lamp's name in the settings, for errors.
        link: The connection to the broker.
        prefix: The device's topic prefix.
        output: The id of the component, from 0; empty for a device that has only one.
        component: `Switch`, `Light`, `CCT`, `RGB` or `RGBW`.
    """

    def __init__(
        self, name: str, link: MqttLink, prefix: str, output: str = "", component: str = "Switch"
    ) -> None:
        self._topic = f"{prefix}/rpc"
        self._component = component
        self._output = output
        self._key = f"{component.lower()}:{output or 0}"
        self._call_id = -1  # of the last question
        reports = (f"{prefix}/events/rpc", f"{REPLY_PREFIX}/rpc")
        super().__init__(name, link, reports=reports, presences=[f"{prefix}/online"])

    def put(self, state: LampState) -> None:
        """See Light."""
        wanted: dict[str, Any] = {"id": int(self._output or 0), "on": state.on}
        if self._component != "Switch" and state.brightness is not None:
            wanted["brightness"] = round(state.brightness)
        if self._component.startswith("RGB") and isinstance(state.colour, str):
            wanted["rgb"] = channels(state.colour)
        if self._component == "CCT" and isinstance(state.colour, int):
            wanted["ct"] = state.colour
        call = self._call(next(_call_ids), f"{self._component}.Set", wanted)
        self._command(self._topic, call, on=state.on)

    def _question(self) -> tuple[str, str]:
        """Without an output the whole device is asked: it may have several."""
        self._call_id = next(_call_ids)
        if not self._output:
            return self._topic, self._call(self._call_id, "Shelly.GetStatus", {})
        output = {"id": int(self._output)}
        return self._topic, self._call(self._call_id, f"{self._component}.GetStatus", output)

    def _fields_in(self, text: str) -> dict[str, Any]:
        """The answer to our question is the whole state, a notification what has changed."""
        report = json_object(text)
        is_answer = report.get("id") == self._call_id
        found = report.get("result" if is_answer else "params")
        if not isinstance(found, dict):
            return {}
        own = found.get(self._key)
        if is_answer and self._output:
            own = found
        if not isinstance(own, dict):
            return {}
        kind = f"{self._component.lower()}:"
        outputs = [key.removeprefix(kind) for key in found if key.startswith(kind)]
        if is_answer:
            return {**own, "is_whole": True, "outputs": outputs}
        return own

    def _outputs_in(self, fields: dict[str, Any]) -> list[str]:
        outputs: list[str] = fields.get("outputs", [])
        return outputs if len(outputs) > 1 else []

    def _state_in(self, fields: dict[str, Any]) -> LampState | None:
        if "is_whole" not in fields or not isinstance(fields.get("output"), bool):
            return None
        return LampState(fields["output"], number(fields.get("brightness")), _colour(fields))

    def _call(self, call_id: int, method: str, params: dict[str, Any]) -> str:
        call = {
            "id": call_id,
            "src": REPLY_PREFIX,
            "method": method,
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
