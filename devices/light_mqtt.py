"""Lamps that listen on the broker, each in its maker's manner."""

import itertools
import json
from collections.abc import Callable
from typing import Any

from devices.light import ANSWER_S, Light, MqttLink, Scene, Shot, chosen

_numbers = itertools.count(1)


class Zigbee2Mqtt:
    """A lamp behind Zigbee2MQTT (https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html).

    Args:
        name: The device's friendly name, or its topic when the base topic is not zigbee2mqtt.
        link: The way to the broker.
    """

    BRIGHTEST = 254

    def __init__(self, name: str, link: MqttLink) -> None:
        self._topic, self._link = name if "/" in name else f"zigbee2mqtt/{name}", link

    def read(self, patience_s: float = ANSWER_S) -> Shot | None:
        """See Light. It answers with all it knows of the device."""
        said = _json(self._link.ask(f"{self._topic}/get", '{"state": ""}', self._topic, timeout_s=patience_s))
        if said.get("state") not in ("ON", "OFF"):
            return None
        by_temperature = said.get("color_mode") == "color_temp" or "color" not in said
        keys = ("brightness", "color_temp") if by_temperature else ("brightness", "color")
        shot = {"on": said["state"] == "ON", **chosen(said, keys)}
        if isinstance(shot.get("color"), dict):
            shot["color"] = chosen(shot["color"], ("x", "y")) or shot["color"]
        return shot

    def lit(self, scene: Scene) -> Shot:
        """See Light."""
        shot: Shot = {"on": True}
        if scene.brightness is not None:
            shot["brightness"] = round(scene.brightness / 100 * self.BRIGHTEST)
        if scene.color:
            shot["color"] = {"hex": scene.color}
        elif scene.kelvin:
            shot["color_temp"] = _mireds(scene.kelvin)
        return shot

    def put(self, shot: Shot) -> None:
        """See Light."""
        rest = {key: value for key, value in shot.items() if key != "on"}
        self._link.publish(f"{self._topic}/set", json.dumps({"state": "ON" if shot["on"] else "OFF", **rest}))

    def close(self) -> None:
        """See Light."""


class Tasmota:
    """A lamp with Tasmota (https://tasmota.github.io/docs/Commands/#light).

    Args:
        topic: The device's own.
        link: The way to the broker.
    """

    def __init__(self, topic: str, link: MqttLink) -> None:
        self._topic, self._link = topic, link

    def read(self, patience_s: float = ANSWER_S) -> Shot | None:
        """See Light."""
        answer = self._link.ask(f"cmnd/{self._topic}/STATE", "", f"stat/{self._topic}/RESULT", timeout_s=patience_s)
        said = _json(answer)
        power = said.get("POWER", said.get("POWER1"))
        if power not in ("ON", "OFF"):
            return None
        keys = ("Dimmer", "CT") if "CT" in said and not str(said.get("Color", "")).strip("0") else ("Dimmer", "Color")
        return {"on": power == "ON", **chosen(said, keys)}

    def lit(self, scene: Scene) -> Shot:
        """See Light."""
        shot: Shot = {"on": True}
        if scene.color:
            shot["Color"] = scene.color.lstrip("#").upper()
        elif scene.kelvin:
            shot["CT"] = max(153, min(500, _mireds(scene.kelvin)))
        if scene.brightness is not None:
            shot["Dimmer"] = round(scene.brightness)
        return shot

    def put(self, shot: Shot) -> None:
        """See Light. One message; the power comes last, because dimming switches on."""
        power = "POWER ON" if shot["on"] else "POWER OFF"
        rest = [f"{key} {shot[key]}" for key in ("Color", "CT", "Dimmer") if key in shot]
        if rest:
            self._link.publish(f"cmnd/{self._topic}/Backlog", "; ".join([*rest, power]))
        else:
            self._link.publish(f"cmnd/{self._topic}/POWER", power.partition(" ")[2])

    def close(self) -> None:
        """See Light."""


class Wled:
    """A strip with WLED (https://kno.wled.ge/interfaces/mqtt/, and its JSON API).

    Args:
        topic: The device topic.
        link: The way to the broker.
    """

    BRIGHTEST = 255

    def __init__(self, topic: str, link: MqttLink) -> None:
        self._topic, self._link = topic, link

    def read(self, patience_s: float = ANSWER_S) -> Shot | None:
        """See Light. Its brightness is on /g (0 to 255, and 0 when off), its colour on /c."""
        level = _json_value(self._link.ask(f"{self._topic}/api", "", f"{self._topic}/g", timeout_s=patience_s))
        if not isinstance(level, int):
            return None
        color = self._link.ask(f"{self._topic}/api", "", f"{self._topic}/c", timeout_s=patience_s)
        shot: Shot = {"on": level > 0} | ({"bri": level} if level else {})
        return {**shot, "color": f"#{color[-6:]}"} if color and color.startswith("#") else shot

    def lit(self, scene: Scene) -> Shot:
        """See Light. A colour temperature is more than its strips can do."""
        shot: Shot = {"on": True}
        if scene.brightness is not None:
            shot["bri"] = max(1, round(scene.brightness / 100 * self.BRIGHTEST))
        if scene.color:
            shot["color"] = scene.color
        return shot

    def put(self, shot: Shot) -> None:
        """See Light."""
        state: dict[str, Any] = chosen(shot, ("on", "bri"))
        if color := shot.get("color"):
            state["seg"] = [{"col": [list(bytes.fromhex(color.lstrip("#")))]}]
        self._link.publish(f"{self._topic}/api", json.dumps(state))

    def close(self) -> None:
        """See Light."""


class Shelly:
    """A Shelly of the second generation or later (https://shelly-api-docs.shelly.cloud/gen2/General/RPCProtocol).

    Args:
        prefix: The device's topic prefix.
        link: The way to the broker.
        component: `Switch` or `Light`.
    """

    REPLIES = "doorbell-light"  # it answers on this, and /rpc

    def __init__(self, prefix: str, link: MqttLink, component: str = "Switch") -> None:
        self._prefix, self._link, self._component = prefix, link, component

    def read(self, patience_s: float = ANSWER_S) -> Shot | None:
        """See Light."""
        question = self._call("GetStatus", {"id": 0})
        said = _json(self._link.ask(f"{self._prefix}/rpc", question, f"{self.REPLIES}/rpc", timeout_s=patience_s))
        status = said.get("result")
        if not isinstance(status, dict) or not isinstance(status.get("output"), bool):
            return None
        return {"on": status["output"], **chosen(status, ("brightness",))}

    def lit(self, scene: Scene) -> Shot:
        """See Light."""
        dims = self._component == "Light" and scene.brightness is not None
        return {"on": True, "brightness": round(scene.brightness or 0)} if dims else {"on": True}

    def put(self, shot: Shot) -> None:
        """See Light."""
        self._link.publish(f"{self._prefix}/rpc", self._call("Set", {"id": 0, **shot}))

    def close(self) -> None:
        """See Light."""

    def _call(self, method: str, params: dict[str, Any]) -> str:
        call = {"id": next(_numbers), "src": self.REPLIES, "method": f"{self._component}.{method}", "params": params}
        return json.dumps(call)


class ShellyLight(Shelly):
    """A dimmer."""

    def __init__(self, prefix: str, link: MqttLink) -> None:
        super().__init__(prefix, link, "Light")


MANNERS: dict[str, Callable[[str, MqttLink], Light]] = {
    "zigbee2mqtt": Zigbee2Mqtt,
    "tasmota": Tasmota,
    "wled": Wled,
    "shelly": Shelly,
    "shelly-light": ShellyLight,
}


def _mireds(kelvin: int) -> int:
    return round(1_000_000 / kelvin)


def _json_value(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _json(text: str | None) -> dict[str, Any]:
    value = _json_value(text)
    return value if isinstance(value, dict) else {}
