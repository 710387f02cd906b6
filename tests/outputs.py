"""Devices with several outputs, which speak as their makers publish, on a real broker.

The topics and payloads are those of the documents and sources of each: Zigbee2MQTT's "MQTT topics
and messages" and its lib/extension/bridge.ts; Tasmota's "Commands" and "MQTT"; Shelly's RPC of the
second generation and its MQTT of the first; ESPHome's "MQTT Client Component"; WLED's "JSON API".
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.lamps import Lamp

LEFT, RIGHT = 0, 1


class Outputs(Lamp):
    """Two lamps on one device.

    Attributes:
        lit: Which of them shines.
        lamps: Their names in the settings.
        settings: What the settings need beside these.
    """

    lamps: tuple[str, ...] = ()
    settings = ""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.lit = [False, True]

    def switch(self, output: int, *, on: bool) -> None:
        """Switch one of them; it says so."""
        self.lit[output] = on
        self.report_one(output)

    def report_one(self, output: int) -> None:
        """Say how one of them is."""

    def word(self, output: int) -> str:
        return "ON" if self.lit[output] else "OFF"


class ZigbeeOutputs(Outputs):
    """A switch module with two endpoints behind Zigbee2MQTT: `state_l1` and `state_l2`."""

    listens = ("zigbee2mqtt/{}/set", "zigbee2mqtt/{}/get")
    presence = ("zigbee2mqtt/{}/availability", '{"state":"online"}', '{"state":"offline"}')
    lamps = ("zigbee2mqtt:porch:l1", "zigbee2mqtt:porch:l2")

    def act(self, topic: str, text: str) -> None:
        wanted = json.loads(text)
        for output, key in enumerate(("state_l1", "state_l2")):
            if topic.endswith("/set") and key in wanted:
                self.lit[output] = wanted[key] == "ON"
        self.report_one(LEFT)

    def report_one(self, output: int) -> None:  # noqa: ARG002 - it always says all of them
        said = {"state_l1": self.word(LEFT), "state_l2": self.word(RIGHT), "linkquality": 90}
        self.say("zigbee2mqtt/porch", json.dumps(said))


class ZigbeeGroup(Outputs):
    """Two bulbs in the group `porch`, which is on while one of them is, and cannot be asked."""

    listens = ("zigbee2mqtt/+/set", "zigbee2mqtt/+/get")
    presence = ("zigbee2mqtt/bridge/state", '{"state":"online"}', '{"state":"offline"}')
    lamps = ("zigbee2mqtt:porch",)
    bulbs = ("left", "right")

    def __enter__(self) -> Self:
        super().__enter__()
        members = [{"ieee_address": f"0x{name}", "endpoint": 11} for name in self.bulbs]
        groups = [{"friendly_name": "porch", "id": 1, "members": members, "scenes": []}]
        devices = [
            {"ieee_address": f"0x{name}", "friendly_name": name, "endpoints": {"11": {}}}
            for name in self.bulbs
        ]
        self.say("zigbee2mqtt/bridge/groups", json.dumps(groups), retain=True)
        self.say("zigbee2mqtt/bridge/devices", json.dumps(devices), retain=True)
        return self

    def act(self, topic: str, text: str) -> None:
        name, what = topic.split("/")[1:]
        wanted = json.loads(text)
        for output in range(2) if name == "porch" else [self.bulbs.index(name)]:
            if what == "set":
                self.lit[output] = wanted["state"] == "ON"
            if what == "set" or name != "porch":
                self.report_one(output)

    def report_one(self, output: int) -> None:
        said = {"state": self.word(output), "linkquality": 90}
        self.say(f"zigbee2mqtt/{self.bulbs[output]}", json.dumps(said))
        self.say("zigbee2mqtt/porch", json.dumps({"state": "ON" if any(self.lit) else "OFF"}))


class TasmotaOutputs(Outputs):
    """Two relays with Tasmota, whose FullTopic is `home/%topic%/%prefix%/`."""

    listens = ("home/{}/cmnd/+",)
    presence = ("home/{}/tele/LWT", "Online", "Offline")
    lamps = ("tasmota:home/porch/%prefix%:1", "tasmota:home/porch/%prefix%:2")

    def act(self, topic: str, text: str) -> None:
        command = topic.rpartition("/")[2]
        if command == "STATE":
            said = {"POWER1": self.word(LEFT), "POWER2": self.word(RIGHT), "Uptime": "0T01:00:00"}
            self.say("home/porch/stat/RESULT", json.dumps(said))
        else:
            self.switch(int(command.removeprefix("POWER") or 1) - 1, on=text == "ON")

    def report_one(self, output: int) -> None:
        power = f"POWER{output + 1}"
        self.say("home/porch/stat/RESULT", json.dumps({power: self.word(output)}))
        self.say(f"home/porch/stat/{power}", self.word(output))


class ShellyOutputs(Outputs):
    """A Shelly of the second generation with two relays."""

    listens = ("{}/rpc",)
    presence = ("{}/online", "true", "false")
    lamps = ("shelly:porch:0", "shelly:porch:1")

    def act(self, _: str, text: str) -> None:
        call = json.loads(text)
        output = call["params"].get("id", 0)
        result: dict[str, Any] = {"id": output, "output": self.lit[output]}
        if call["method"] == "Switch.Set":
            result = {"was_on": self.lit[output]}
            self.switch(output, on=call["params"]["on"])
        answer = {"id": call["id"], "src": "porch", "dst": call["src"], "result": result}
        self.say(f"{call['src']}/rpc", json.dumps(answer))

    def report_one(self, output: int) -> None:
        params = {f"switch:{output}": {"id": output, "output": self.lit[output]}}
        told = {"src": "porch", "method": "NotifyStatus", "params": params}
        self.say("porch/events/rpc", json.dumps(told))


class ShellyFirst(Outputs):
    """A Shelly of the first generation with two relays, described in the settings."""

    listens = ("shellies/{}/relay/+/command", "shellies/{}/command")
    presence = ("shellies/{}/online", "true", "false")
    lamps = ("mqtt:left", "mqtt:right")
    settings = "".join(
        f"""
        [handlers.light.mqtt_lamps.{name}]
        command_topic = "shellies/porch/relay/{relay}/command"
        on = "on"
        off = "off"
        state_topic = "shellies/porch/relay/{relay}"
        ask_topic = "shellies/porch/command"
        ask = "update"
        availability_topic = "shellies/porch/online"
        """
        for relay, name in enumerate(("left", "right"))
    )

    def act(self, topic: str, text: str) -> None:
        if text == "update":
            self.report_one(LEFT)
            self.report_one(RIGHT)
        else:
            self.switch(int(topic.split("/")[3]), on=text == "on")

    def report_one(self, output: int) -> None:
        self.say(f"shellies/porch/relay/{output}", self.word(output).lower())


class EspHome(Outputs):
    """Two lights with ESPHome, which retains their states and cannot be asked."""

    listens = ("{}/light/+/command",)
    presence = ("{}/status", "online", "offline")
    lamps = ("mqtt:left", "mqtt:right")
    names = ("left", "right")
    settings = "".join(
        f"""
        [handlers.light.mqtt_lamps.{name}]
        command_topic = "porch/light/{name}/command"
        on = '{{"state":"ON"}}'
        off = '{{"state":"OFF"}}'
        state_topic = "porch/light/{name}/state"
        state_key = "state"
        state_on = "ON"
        state_off = "OFF"
        brightness_key = "brightness"
        availability_topic = "porch/status"
        """
        for name in names
    )

    def __enter__(self) -> Self:
        super().__enter__()
        self.report_one(LEFT)
        self.report_one(RIGHT)
        return self

    def act(self, topic: str, text: str) -> None:
        self.switch(self.names.index(topic.split("/")[2]), on=json.loads(text)["state"] == "ON")

    def report_one(self, output: int) -> None:
        said = {"state": self.word(output), "brightness": 200, "color_mode": "brightness"}
        topic = f"porch/light/{self.names[output]}/state"
        self.say(topic, json.dumps(said), retain=True)


OUTPUTS: tuple[type[Outputs], ...] = (
    ZigbeeOutputs,
    ZigbeeGroup,
    TasmotaOutputs,
    ShellyOutputs,
    ShellyFirst,
    EspHome,
)


class WledSegments:
    """A strip with WLED and two segments, by HTTP: red on the left, a blue effect on the right.

    Attributes:
        state: As its `/json/state` has it.
        url: Its address.
        handler: Answers its requests.
    """

    def __init__(self) -> None:
        segment = {"on": True, "bri": 255, "sx": 128, "ix": 128, "pal": 0, "start": 0, "stop": 9}
        self.state: dict[str, Any] = {"on": False, "bri": 120, "ps": -1, "transition": 7}
        self.state["seg"] = [
            {"id": 0, **segment, "col": [[255, 0, 0], [0, 0, 0], [0, 0, 0]], "fx": 0},
            {"id": 1, **segment, "col": [[0, 0, 255], [0, 0, 0], [0, 0, 0]], "fx": 9},
        ]
        self.handler = type("Handler", (_WledHandler,), {"strip": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def take(self, wanted: dict[str, Any]) -> None:
        """As deserializeState does it: an object for all selected segments, a list by id."""
        self.state |= {key: wanted[key] for key in ("on", "bri") if key in wanted}
        told = wanted.get("seg", [])
        for number, segment in enumerate(told if isinstance(told, list) else [told] * 2):
            self.state["seg"][segment.get("id", number)] |= segment


class _WledHandler(BaseHTTPRequestHandler):
    strip: WledSegments

    def do_GET(self) -> None:
        self.answer(self.strip.state if self.path == "/json/state" else {})

    def do_POST(self) -> None:
        self.strip.take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer({"success": True})

    def log_message(self, *_: object) -> None:
        """It keeps no log."""

    def answer(self, said: dict[str, Any]) -> None:
        """With a JSON object."""
        body = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
