"""A house and a real Home Assistant, and what a person there sees of it."""

import json
import re
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.store.journal.journal import Journal
from hub.store.state import State
from hub.wire.event import Event
from hub.wire.topics import PRESSED
from tests.house import House, until
from tests.hub.fakes import HUB
from tests.servers.brokers import BrokerProcess
from tests.servers.home_assistant import HomeAssistant
from tests.wire import Wire

BELL = "event.front_door_bell"
CHECK_TOPIC = "test/rang"
IS_RING = {
    "condition": "state",
    "entity_id": BELL,
    "attribute": "event_type",
    "state": "ring",
}
RANG_SINCE = (2026, 5)  # Home Assistant's version that has a trigger for doorbells
SOON_S = 30.0
# While the broker is away; and a hub that restarts at once takes something back a second time.
EXPECTED = re.compile(
    "connection was lost|on socket|Failed to connect|not currently connected|No device components"
)
OURS = re.compile(r"(WARNING|ERROR).*(mqtt|template|doorbell)")


class Home:
    """Everything that a test needs.

    Attributes:
        broker: What both speak to.
        wire: Between the house and the broker.
        house: The hub and the handlers.
        seen: Home Assistant.
        automations: What runs at a ring.
    """

    PROCESSES = ("hub", "visit", "record", "speak")
    SETTINGS = (
        '[handlers.record]\ncamera = "test"\n'
        '[handlers.speak]\nenabled = true\nspeaker = "simulated"\n'
    )

    def __init__(
        self, broker: BrokerProcess, wire: Wire, house: House, seen: HomeAssistant
    ) -> None:
        self.broker, self.wire, self.house, self.seen = broker, wire, house, seen
        self.automations = ["changed"]
        if self.seen.version() >= RANG_SINCE:
            self.automations.append("rang")
        self._log_read = 0

    def wait_until_found(self) -> None:
        """Until Home Assistant has the entities of the door and of all handlers."""
        wanted = {BELL, "image.front_door_picture", "notify.front_door_say"}
        wanted |= {f"binary_sensor.doorbell_hub_handler_{one}" for one in self.PROCESSES[1:]}
        until(lambda: wanted <= set(self.seen.states()), lambda: f"{self.seen.states()}")
        self.wait(BELL, lambda state: state != "unavailable")
        self.wait("sensor.front_door_visit", lambda state: state not in ("unknown", "unavailable"))

    def add_automations(self) -> None:
        """What people write: one by the trigger for doorbells, one by the entity's state."""
        rules: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
            "rang": ({"trigger": "doorbell.rang", "target": {"entity_id": BELL}}, {}),
            "changed": (
                {"trigger": "state", "entity_id": BELL, "not_from": "unavailable"},
                {"conditions": [IS_RING]},
            ),
        }
        for name in self.automations:
            trigger, more = rules[name]
            payload = f"{name} {{{{ state_attr('{BELL}', 'id') }}}}"
            data = {"topic": CHECK_TOPIC, "payload": payload, "qos": 1}
            action = {"action": "mqtt.publish", "data": data}
            self.seen.add_automation(name, [trigger], action, **more)

    def make_whole(self) -> None:
        """Start whatever a test before has ended."""
        self.wire.edit = lambda packet: packet
        if self.broker.process is None:
            self.broker.start()
        if self.seen.process.poll() is not None:
            self.start_home_assistant()
        self.house.settings = self.SETTINGS
        for name in self.PROCESSES:
            if not self.house.is_running(name):
                self.house.start(name)
        self.wait_until_found()
        self.complaints()

    def rings(self, press: str | None = None) -> list[str]:
        """What the automations did for a press, or for all of them."""
        said = [load.decode() for topic, load, _ in self.house.ears.heard if topic == CHECK_TOPIC]
        return sorted(one for one in said if press in (None, one.partition(" ")[2]))

    def wait_ring(self, press: str) -> None:
        """Until all automations have seen it."""
        until(
            lambda: len(self.rings(press)) >= len(self.automations),
            lambda: f"{press} rings: {self.rings()} {self.seen.attributes(BELL)}",
            SOON_S,
        )

    def ring(self) -> str:
        """Press, and wait until each automation has run once; returns the press's id."""
        press = self.house.press()
        self.wait_ring(press)
        self.must_have_rung_once(press)
        return press

    def must_have_rung_once(self, press: str) -> None:
        """Each automation ran once, and no more often."""
        assert self.rings(press) == [f"{name} {press}" for name in self.automations]

    def wait(self, entity: str, holds: Any) -> str:
        """Until the state of an entity is this, or fulfils this; returns it."""
        test = holds if callable(holds) else lambda state: state == holds

        def is_so() -> bool:
            state = self.seen.state(entity)
            return state is not None and test(state)

        until(is_so, lambda: f"{entity}: {self.seen.attributes(entity)}", SOON_S)
        return self.seen.state(entity) or ""

    def attribute(self, entity: str, name: str) -> Any:
        """An attribute of an entity; None where it has none of this name."""
        return self.seen.attributes(entity).get("attributes", {}).get(name)

    def press_button(self, name: str) -> None:
        """Press one of the door's buttons in Home Assistant."""
        self.seen.act("button.press", entity_id=f"button.{name}")

    def commands(self, name: str) -> list[tuple[str, bytes]]:
        """The commands of this name that Home Assistant has given: topic and payload."""
        begin = f"doorbell/cli/homeassistant/command/{name}/"
        return [
            (topic, load) for topic, load, _ in self.house.ears.heard if topic.startswith(begin)
        ]

    def answers(self) -> list[dict[str, Any]]:
        """The data of all answers, in order."""
        return [event["data"] for event in self.house.ears.events("visitor.answered")]

    def journal_press(self, minutes_ago: int = 0) -> Event:
        """Journal a press that was not published; the hub must not be running."""
        at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        state = State(self.house.state_dir / "hub-home.db")
        data = {"name": "Front door", "via": "button"}
        with state.write() as db:
            press, _ = Journal(state, HUB).append(db, PRESSED, "front", data, time=at, planned=True)
        state.close()
        return press

    def restart_home_assistant(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and start it again."""
        self.stop_home_assistant(how)
        self.start_home_assistant()

    def stop_home_assistant(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, in order or not."""
        if how is signal.SIGTERM:
            self.seen.stop()
        else:
            self.seen.kill()

    def start_home_assistant(self) -> None:
        """Start it, and wait until it shows the bell."""
        self.seen.start()
        self.seen.wait_until_up()
        self.wait_until_found()

    def complaints(self) -> list[str]:
        """What Home Assistant has logged about us since the last call."""
        text = self.seen.log()
        new, self._log_read = text[self._log_read :], len(text)
        return [
            line for line in new.splitlines() if OURS.search(line) and not EXPECTED.search(line)
        ]


def payloads(commands: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
    """The JSON of commands."""
    return [json.loads(load) for _, load in commands]
