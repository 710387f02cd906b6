"""`light` with lamps that a real Home Assistant discovered on MQTT: two, and their group."""

import json
import os
import signal
from pathlib import Path

from tests.house import House, until
from tests.lamps import Lamp
from tests.servers.brokers import BrokerProcess
from tests.servers.home_assistant import HomeAssistant, home_assistant, installed

FOLDER = installed()
FLOWS = "/api/config/config_entries/flow"


class JsonLights(Lamp):
    """Two colour lamps as Home Assistant's JSON schema has them: the left off, the right on."""

    listens = ("lamps/+/set",)
    presence = ("lamps/status", "online", "offline")

    def __enter__(self):
        super().__enter__()
        white = {"brightness": 90, "color_mode": "color_temp", "color_temp": 2700}
        red = {"brightness": 51, "color_mode": "rgb", "color": {"r": 255, "g": 0, "b": 0}}
        self.state = {"left": {"state": "OFF", **white}, "right": {"state": "ON", **red}}
        for name in self.state:
            about = {
                "schema": "json",
                "unique_id": name,
                "name": name,
                "default_entity_id": f"light.{name}",
                "command_topic": f"lamps/{name}/set",
                "state_topic": f"lamps/{name}",
                "brightness": True,
                "color_temp_kelvin": True,
                "supported_color_modes": ["color_temp", "rgb"],
            }
            self.say(f"homeassistant/light/{name}/config", json.dumps(about), retain=True)
        self.report()
        return self

    def act(self, topic: str, text: str) -> None:
        name = topic.split("/")[1]
        wanted = json.loads(text)
        if {"color", "color_temp"} & set(wanted):
            wanted["color_mode"] = "rgb" if "color" in wanted else "color_temp"
        self.state[name] |= wanted
        self.report()

    def report(self) -> None:
        for name, state in self.state.items():
            self.say(f"lamps/{name}", json.dumps(state), retain=True)

    def are_on(self) -> list[bool]:
        return [state["state"] == "ON" for state in self.state.values()]


def _make_group(home: HomeAssistant) -> None:
    """By its own dialog, like a person."""
    flow = home.call("POST", FLOWS, {"handler": "group"})
    step = f"{FLOWS}/{flow['flow_id']}"
    home.call("POST", step, {"next_step_id": "light"})
    group = {"name": "Porch", "entities": ["light.left", "light.right"]}
    done = home.call("POST", step, {**group, "hide_members": False, "all": False})
    assert done["type"] == "create_entry", done


def test_lamps_of_home_assistant_are_lit_and_put_back(
    tmp_path: Path, our_mosquitto: BrokerProcess
) -> None:
    """Each lamp of a group is put back, whatever falls between; one switched by hand stays so."""
    with (
        House(tmp_path / "house", our_mosquitto) as house,
        JsonLights(our_mosquitto.port) as lamps,
        home_assistant(FOLDER or tmp_path, tmp_path / "ha", our_mosquitto.port) as home,
    ):
        until(lambda: home.state("light.right") == "on", lambda: home.log()[-2000:])
        _make_group(home)
        until(lambda: home.state("light.porch") == "on", lambda: home.log()[-2000:])
        house.settings = f"""
            [handlers.light]
            lamp = "homeassistant:light.porch"
            when = "always"
            minutes = 0.05
            [handlers.light.scenes.front]
            brightness = 100
            color = "#00ff00"
            [handlers.light.homeassistant]
            url = "{home.url}"
            token = "{home.token()}"
        """
        house.start("hub", "light")
        right = dict(lamps.state["right"])

        def is_put_back() -> bool:
            return lamps.are_on() == [False, True] and lamps.state["right"] == right

        def light() -> None:
            house.press()
            until(lambda: lamps.are_on() == [True, True], lambda: house.log("light"))

        light()
        assert lamps.state["left"]["color"] == {"r": 0, "g": 255, "b": 0}
        until(is_put_back, lambda: f"{lamps.state} {house.log('light')}")

        light()
        house.kill("light", signal.SIGKILL)
        house.start("light")
        until(is_put_back, lambda: f"{lamps.state} {house.log('light')}")

        light()
        until(lambda: house.ears.events("handler.done", "light"), lambda: house.log("light"))
        os.killpg(home.process.pid, signal.SIGSTOP)
        until(lambda: house.ears.events("handler.retried", "light"), lambda: house.log("light"))
        assert lamps.are_on() == [True, True]
        os.killpg(home.process.pid, signal.SIGCONT)
        until(is_put_back, lambda: f"{lamps.state} {house.log('light')}")

        light()
        done = len(house.ears.events("handler.done", "light"))
        home.act("light.turn_off", entity_id="light.right")
        until(
            lambda: len(house.ears.events("handler.done", "light")) >= done + 2,
            lambda: house.log("light"),
        )
        until(lambda: lamps.are_on() == [False, False], lambda: house.log("light"))
