"""Lamps that behave as their makers publish, each a client of its own on a real broker."""

import colorsys
import json
import threading
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from devices.lamp import OFF, LampState
from tests.forked import PATIENCE_S


class Lamp:
    """What all of them do: listen, change, and say how they are.

    Attributes:
        state: How it is, in its maker's terms.
        told: What it was told, in order: topic and text.
        is_mute: It does as it is told, and says nothing.
        retains: Whether the broker keeps what it says of itself, where that can be chosen.
        latency_s: How long it takes to answer.
    """

    listens: tuple[str, ...] = ()
    presence: tuple[str, str, str] = (
        "",
        "",
        "",
    )  # the topic, and what it says when it comes and goes

    def __init__(
        self, port: int, name: str = "porch", *, retains: bool = False, latency_s: float = 0
    ) -> None:
        self.name, self.is_mute, self.retains, self.latency_s = name, False, retains, latency_s
        self.is_deaf = False
        self.told: list[tuple[str, str]] = []
        self.state: dict[str, Any] = {}
        self._there = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, f"lamp-{id(self)}")
        topics = [(topic.format(name), 1) for topic in self.listens]
        topic, here, gone = self.presence
        self._client.will_set(topic.format(name), gone, retain=True)
        self._client.on_connect = lambda client, *_: client.subscribe(topics)
        self._client.on_subscribe = lambda *_: self._there.set()
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._here = (topic.format(name), here)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._there.wait(PATIENCE_S)
        self._client.publish(*self._here, qos=1, retain=True).wait_for_publish(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def lose_power(self) -> None:
        """It is gone without a word; the broker says so for it."""
        self.is_mute = True
        self._client.loop_stop()
        if sock := self._client.socket():
            sock.close()

    def go_away(self) -> None:
        """It has no power for a while: it hears nothing, and its last will is published for it."""
        topic, _, gone = self.presence
        self._client.publish(topic.format(self.name), gone, qos=1, retain=True)
        self.is_mute = self.is_deaf = True

    def come_back(self) -> None:
        """It has power again, and says so."""
        self.is_mute = self.is_deaf = False
        self._client.publish(*self._here, qos=1, retain=True)

    @property
    def is_on(self) -> bool:
        return self.as_seen().on

    def as_seen(self) -> LampState:
        """How a person sees it."""
        return OFF

    def by_hand(self, **state: Any) -> None:
        """A person changes it, by a switch or an app: it says so of itself, as real ones do."""
        self.state.update(state)
        self.report()

    def report(self) -> None:
        """Say how it is."""

    def act(self, topic: str, text: str) -> None:
        """Do what it is told."""

    def say(self, topic: str, text: str, *, retain: bool | None = None) -> None:
        """With its latency."""
        if self.is_mute:
            return
        retained = self.retains if retain is None else retain
        if self.latency_s:
            threading.Timer(
                self.latency_s, self._client.publish, (topic, text, 1, retained)
            ).start()
        else:
            self._client.publish(topic, text, 1, retained)

    def _hear(self, _: Client, __: Any, message: MQTTMessage) -> None:
        if self.is_deaf:
            return
        text = message.payload.decode()
        self.told.append((message.topic, text))
        self.act(message.topic, text)


class ZigbeeLamp(Lamp):
    """A colour bulb behind Zigbee2MQTT: it publishes its state after each change and on request."""

    listens = ("zigbee2mqtt/{}/set", "zigbee2mqtt/{}/get")
    presence = ("zigbee2mqtt/{}/availability", '{"state":"online"}', '{"state":"offline"}')

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.state = {
            "state": "OFF",
            "brightness": 80,
            "color_mode": "color_temp",
            "color_temp": 370,
        }
        self.state |= {"color": {"x": 0.4576, "y": 0.41}, "linkquality": 99}

    def as_seen(self) -> LampState:
        by_white = self.state["color_mode"] == "color_temp"
        shown = self.state["color_temp"] if by_white else str(self.state["color"])
        return LampState(self.state["state"] == "ON", self.state["brightness"], shown)

    def act(self, topic: str, text: str) -> None:
        wanted = json.loads(text)
        if topic.endswith("/set"):
            if wanted.get("state") == "OFF":  # its converter goes by the state alone then
                self.state["state"] = "OFF"
            elif "brightness" in wanted or wanted.get("state") == "ON":
                self.state |= {
                    "state": "ON",
                    "brightness": wanted.get("brightness", self.state["brightness"]),
                }
            if "color" in wanted:
                self.state |= {"color_mode": "xy", "color": _xy(wanted["color"]["hex"])}
            if "color_temp" in wanted:
                self.state |= {"color_mode": "color_temp", "color_temp": wanted["color_temp"]}
        self.report()

    def report(self) -> None:
        self.say(f"zigbee2mqtt/{self.name}", json.dumps(self.state))


def _xy(colour: str) -> dict[str, float]:
    """As zigbee-herdsman-converters does it."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in _channels(colour)
    ]
    matrix = (
        (0.664511, 0.154324, 0.162028),
        (0.283881, 0.668433, 0.047685),
        (0.000088, 0.072310, 0.986039),
    )
    big_x, big_y, big_z = (sum(a * b for a, b in zip(row, linear, strict=True)) for row in matrix)
    whole = big_x + big_y + big_z
    return {"x": round(big_x / whole, 4), "y": round(big_y / whole, 4)}


def _channels(colour: str) -> list[float]:
    return [value / 255 for value in bytes.fromhex(colour.lstrip("#"))]


class TasmotaLamp(Lamp):
    """An RGB and white bulb with Tasmota: commands on cmnd/, an answer on stat/ to each."""

    listens = ("cmnd/{}/+",)
    presence = ("tele/{}/LWT", "Online", "Offline")

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.state = {
            "POWER": "OFF",
            "Dimmer": 40,
            "hue": 32,
            "saturation": 100,
            "CT": 300,
            "white": False,
        }

    def as_seen(self) -> LampState:
        colour = (
            self.state["CT"]
            if self.state["white"]
            else f"{self.state['hue']} {self.state['saturation']}"
        )
        return LampState(self.state["POWER"] == "ON", self.state["Dimmer"], colour)

    def act(self, topic: str, text: str) -> None:
        command = topic.rpartition("/")[2]
        for part in (
            text.split("; ") if command.lower() == "backlog0" else [f"{command} {text}".strip()]
        ):
            self._do(*part.partition(" ")[::2])

    def _do(self, command: str, value: str) -> None:
        if command == "STATE":
            self.report(Time="2026-11-23T17:00:00", Uptime="0T01:00:00", Wifi={"RSSI": 80})
            return
        lit = {"POWER": "ON"}  # without SetOption20 each of them switches on
        if command == "POWER":
            self.state["POWER"] = value
            self.say(f"stat/{self.name}/POWER", value)
        elif command == "HSBColor1":
            self.state |= {"hue": int(value), "white": False} | lit
        elif command == "HSBColor2":
            self.state |= {"saturation": int(value), "white": False} | lit
        elif command == "CT":
            self.state |= {"CT": int(value), "white": True} | lit
        elif command == "Dimmer":
            self.state |= {"Dimmer": int(value)} | lit
        self.report()

    def report(self, **more: Any) -> None:
        hue, saturation, level = self.state["hue"], self.state["saturation"], self.state["Dimmer"]
        shown = colorsys.hsv_to_rgb(
            hue / 360, saturation / 100, 0 if self.state["white"] else level / 100
        )
        said = {
            "POWER": self.state["POWER"],
            "Dimmer": level,
            "Color": bytes(round(value * 255) for value in shown).hex().upper() + "0000",
            "HSBColor": f"{hue},{saturation},{0 if self.state['white'] else level}",
            "CT": self.state["CT"],
        }
        self.say(f"stat/{self.name}/RESULT", json.dumps(said | more))


class WledLamp(Lamp):
    """A strip with WLED: JSON on /api. It publishes changes only, and cannot be asked."""

    listens = ("wled/{}/api",)
    presence = ("wled/{}/status", "online", "offline")

    def __init__(self, *given: Any, retains: bool = True, **more: Any) -> None:
        super().__init__(*given, retains=retains, **more)
        self.state = {"bri": 0, "last": 64, "color": [255, 170, 0]}

    def __enter__(self) -> Self:
        super().__enter__()
        self.report()  # as it does when it connects
        return self

    def as_seen(self) -> LampState:
        return LampState(
            self.state["bri"] > 0, self.state["bri"] or self.state["last"], str(self.state["color"])
        )

    def act(self, _: str, text: str) -> None:
        wanted, was = json.loads(text) if text else {}, dict(self.state)
        self.state["bri"] = wanted.get("bri", self.state["bri"])
        if wanted.get("on", self.state["bri"] > 0) != (self.state["bri"] > 0):
            lit = self.state["bri"]
            self.state |= {"bri": 0, "last": lit} if lit else {"bri": self.state["last"]}
        segments = wanted.get("seg", [])  # an object is for all selected ones, a list for each
        for segment in [segments] if isinstance(segments, dict) else segments[:1]:
            self.state["color"] = segment["col"][0]
        self.state["last"] = self.state["bri"] or self.state["last"]
        if was != self.state:
            self.report()

    def report(self) -> None:
        self.say(f"wled/{self.name}/g", str(self.state["bri"]))
        self.say(f"wled/{self.name}/c", "#" + bytes(self.state["color"]).hex().upper())


class ShellyLamp(Lamp):
    """A lamp of the second generation: RPC on /rpc, the answer to who asked."""

    listens = ("{}/rpc",)
    presence = ("{}/online", "true", "false")
    component, colour = "Light", ""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.state = {"output": False, "brightness": 30}

    def as_seen(self) -> LampState:
        return LampState(
            self.state["output"], self.state["brightness"], str(self.state.get(self.colour))
        )

    def act(self, _: str, text: str) -> None:
        call = json.loads(text)
        component, method = call["method"].split(".")
        answer: dict[str, Any] = {"id": call["id"], "src": self.name, "dst": call["src"]}
        if call["method"] == "Shelly.GetStatus":
            whole = {f"{self.component.lower()}:0": {"id": 0, **self.state}}
            answer["result"] = {"sys": {"uptime": 60}, **whole}
        elif component != self.component:
            answer["error"] = {"code": 404, "message": f"No handler for {call['method']}"}
        elif method == "Set":
            answer["result"] = {"was_on": self.state["output"]}
            wanted = dict(call["params"])
            self.state["output"] = wanted.pop("on", self.state["output"])
            self.state |= {key: wanted[key] for key in self.state if key in wanted}
            self.report()
        else:
            answer["result"] = {"id": 0, "source": "MQTT", **self.state}
        self.say(f"{call['src']}/rpc", json.dumps(answer))

    def report(self) -> None:
        component = f"{self.component.lower()}:0"
        self.say(f"{self.name}/status/{component}", json.dumps({"id": 0, **self.state}))
        told = {
            "src": self.name,
            "method": "NotifyStatus",
            "params": {component: {"id": 0, **self.state}},
        }
        self.say(f"{self.name}/events/rpc", json.dumps(told))


class ShellyRgb(ShellyLamp):
    component, colour = "RGB", "rgb"

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.state["rgb"] = [255, 170, 0]


class ShellyCct(ShellyLamp):
    component, colour = "CCT", "ct"

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.state["ct"] = 3200


LAMPS: dict[str, type[Lamp]] = {
    "zigbee2mqtt:porch": ZigbeeLamp,
    "tasmota:porch": TasmotaLamp,
    "wled:wled/porch": WledLamp,
    "shelly-light:porch": ShellyLamp,
    "shelly-rgb:porch": ShellyRgb,
    "shelly-cct:porch": ShellyCct,
}
