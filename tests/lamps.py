"""Lamps that speak the published topics of their makers, each a client of its own on a real broker."""

import json
import threading
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.house import PATIENCE_S


class Lamp:
    """What all of them do: listen, change, and say how they are.

    Attributes:
        state: How it is, in its maker's terms.
        told: What it was told, in order: topic and text.
        dead: It has no power, and says nothing.
    """

    listens: tuple[str, ...] = ()

    def __init__(self, port: int, name: str = "porch") -> None:
        self.name, self.dead = name, False
        self.told: list[tuple[str, str]] = []
        self.state: dict[str, Any] = {}
        self._there = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, f"lamp-{id(self)}")
        topics = [(topic.format(name), 1) for topic in self.listens]
        self._client.on_connect = lambda client, *_: client.subscribe(topics)
        self._client.on_subscribe = lambda *_: self._there.set()
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._there.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def is_on(self) -> bool:
        raise NotImplementedError

    def by_hand(self, **state: Any) -> None:
        """A person changes it, by a switch or an app: it says so of itself, as real ones do."""
        self.state.update(state)
        self.report()

    def report(self) -> None:
        """Say how it is."""

    def act(self, topic: str, text: str) -> None:
        """Do what it is told."""

    def say(self, topic: str, text: str, *, retain: bool = False) -> None:
        self._client.publish(topic, text, qos=1, retain=retain)

    def _hear(self, _: Client, __: Any, message: MQTTMessage) -> None:
        if not self.dead:
            text = message.payload.decode()
            self.told.append((message.topic, text))
            self.act(message.topic, text)


class ZigbeeLamp(Lamp):
    """A colour bulb behind Zigbee2MQTT, which publishes its whole state after each change and when asked."""

    listens = ("zigbee2mqtt/{}/set", "zigbee2mqtt/{}/get")

    def __init__(self, port: int, name: str = "porch") -> None:
        super().__init__(port, name)
        self.state = {
            "state": "OFF",
            "brightness": 80,
            "color_mode": "color_temp",
            "color_temp": 370,
            "linkquality": 99,
        }
        self.state["color"] = {"x": 0.46, "y": 0.41}

    @property
    def is_on(self) -> bool:
        return bool(self.state["state"] == "ON")

    def act(self, topic: str, text: str) -> None:
        if topic.endswith("/set"):
            wanted = json.loads(text)
            if "color" in wanted:
                self.state["color_mode"] = "xy"
            if "color_temp" in wanted:
                self.state["color_mode"] = "color_temp"
            self.state.update(wanted)
        self.report()

    def report(self) -> None:
        self.say(f"zigbee2mqtt/{self.name}", json.dumps(self.state))


class TasmotaLamp(Lamp):
    """A bulb with Tasmota: commands on cmnd/, answers on stat/."""

    listens = ("cmnd/{}/+",)

    def __init__(self, port: int, name: str = "porch") -> None:
        super().__init__(port, name)
        self.state = {"POWER": "OFF", "Dimmer": 40, "Color": "FF8800"}

    @property
    def is_on(self) -> bool:
        return bool(self.state["POWER"] == "ON")

    def act(self, topic: str, text: str) -> None:
        command = topic.rpartition("/")[2]
        parts = text.split("; ") if command.lower() == "backlog" else [f"{command} {text}".strip()]
        for part in parts:
            name, _, value = part.partition(" ")
            if name == "Dimmer":
                self.state |= {"Dimmer": int(value), "POWER": "ON"}
            elif name != "STATE":
                self.state[name] = value
        self.report()

    def report(self) -> None:
        self.say(f"stat/{self.name}/RESULT", json.dumps({"Time": "2026-11-23T17:00:00", **self.state}))


class WledLamp(Lamp):
    """A strip with WLED: JSON on /api; its brightness on /g and its colour on /c after each message."""

    listens = ("wled/{}/api",)

    def __init__(self, port: int, name: str = "porch") -> None:
        super().__init__(port, name)
        self.state = {"on": False, "bri": 64, "color": "#FFAA00"}

    @property
    def is_on(self) -> bool:
        return bool(self.state["on"])

    def act(self, _: str, text: str) -> None:
        wanted = json.loads(text) if text else {}
        for segment in wanted.pop("seg", []):
            self.state["color"] = "#" + bytes(segment["col"][0]).hex().upper()
        self.state.update(wanted)
        self.report()

    def report(self) -> None:
        self.say(f"wled/{self.name}/g", str(self.state["bri"] if self.state["on"] else 0))
        self.say(f"wled/{self.name}/c", str(self.state["color"]))


class ShellyLamp(Lamp):
    """A dimmer of the second generation: RPC on /rpc, the answer to who asked."""

    listens = ("{}/rpc",)

    def __init__(self, port: int, name: str = "shelly-porch") -> None:
        super().__init__(port, name)
        self.state = {"output": False, "brightness": 30}

    @property
    def is_on(self) -> bool:
        return bool(self.state["output"])

    def act(self, _: str, text: str) -> None:
        call = json.loads(text)
        component, method = call["method"].split(".")
        assert component == "Light"
        result: dict[str, Any] = {"was_on": self.state["output"]}
        if method == "Set":
            self.state["output"] = call["params"].get("on", self.state["output"])
            self.state["brightness"] = call["params"].get("brightness", self.state["brightness"])
            self.report()
        else:
            result = {"id": 0, **self.state}
        self.say(
            f"{call['src']}/rpc", json.dumps({"id": call["id"], "src": self.name, "dst": call["src"], "result": result})
        )

    def report(self) -> None:
        self.say(f"{self.name}/status/light:0", json.dumps({"id": 0, **self.state}))


LAMPS: dict[str, type[Lamp]] = {
    "zigbee2mqtt:porch": ZigbeeLamp,
    "tasmota:porch": TasmotaLamp,
    "wled:wled/porch": WledLamp,
    "shelly-light:shelly-porch": ShellyLamp,
}
