"""The table of buttons in docs/triggers.md: each row, on a real broker, rings as it says."""

import re
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from config import Settings
from tests.house import ROOT, House, until
from tests.servers.brokers import BrokerProcess

PAGE = (ROOT / "docs" / "triggers.md").read_text(encoding="utf-8")
TABLE = PAGE.partition("## Buttons, and what they send")[2].partition("\n## ")[0]
SPAN = re.compile(r"`([^`]+)`")
REST = {  # what the same devices say when nobody has pressed
    "true": "false",
    "1": "0",
    "ON": "OFF",
    '{"id": 0, "state": true}': '{"id": 0, "state": false}',
}
LISTENING = """
[doors.listening]
[triggers.listening]
topic = "listening"
door = "listening"
say = "doorbell.pressed"
"""
NOISE = [
    ("zigbee2mqtt/bell", '{"action": "", "battery": 97, "linkquality": 120}'),
    ("zigbee2mqtt/bell", '{"battery": 97}'),
    ("shellies/bell/input_event/0", '{"event": "L", "event_cnt": 4}'),
    ("bell/events/rpc", '{"method": "NotifyStatus", "params": {"ts": 1.0, "wifi": {"rssi": -60}}}'),
    ("bell/events/rpc", '{"params": {"events": [{"component": "input:0", "event": "btn_up"}]}}'),
    ("stat/bell/RESULT", '{"POWER": "ON"}'),
    ("rtl_433/pi/events", '{"model": "Acurite-Tower", "id": 1, "temperature_C": 3.1}'),
    ("frigate/events", '{"type": "update", "after": {"label": "person", "camera": "front"}}'),
]


class Row(NamedTuple):
    """A row: a device, what it sends and the settings for it."""

    device: str
    topic: str
    payload: str
    settings: dict[str, Any]

    @property
    def is_command(self) -> bool:
        return not self.settings


def _rows() -> list[Row]:
    found = []
    for line in TABLE.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 3 or set(cells[0]) <= {"-"} or cells[0] == "button":
            continue
        topic, *payload = SPAN.findall(cells[1])
        settings = tomllib.loads("\n".join(SPAN.findall(cells[2]))) if "=" in cells[2] else {}
        if settings:
            settings = {"topic": topic, "door": "front", "say": "doorbell.pressed"} | settings
        found.append(Row(cells[0], topic, "".join(payload), settings))
    return found


def _settings(rows: list[Row]) -> str:
    """The rows as tables of a settings file, each with a name of its own."""
    lines = []
    for number, row in enumerate(rows):
        if row.settings:
            lines.append(f"[triggers.row{number}]")
            lines += [f"{key} = {_toml(value)}" for key, value in row.settings.items()]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_toml(one)}' for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else repr(value)


@pytest.fixture
def house(mosquitto: BrokerProcess, tmp_path: Path):
    """A house with a trigger for each row."""
    with House(tmp_path / "house", mosquitto) as house:
        house.settings = f"{_settings(_rows())}\n{LISTENING}"
        yield house


def test_the_table_names_the_devices_that_people_have():
    """And its settings are settings."""
    rows = _rows()
    named = " ".join(row.device for row in rows)
    for device in (
        "Lidl", "Heiman", "Moes", "Aqara", "Shelly 1", "Gen2", "Tasmota", "ESPHome", "rtl_433",
        "ring-mqtt", "Frigate", "UniFi", "Home Assistant",
    ):  # fmt: skip
        assert device in named
    settings = Settings.model_validate(tomllib.loads(_settings(rows)))
    assert len(settings.triggers) == len([row for row in rows if row.settings])


def _is_listening(house: House) -> bool:
    house.ears.publish("listening", "")
    return bool(house.ears.events("doorbell.pressed"))


def test_each_button_of_the_table_rings_once(house: House):
    """A burst of what it sends is one event; what it says without a press is none."""
    rows = _rows()
    house.start("hub")
    until(lambda: _is_listening(house), "the hub listens to other devices")
    for topic, payload in NOISE:
        house.ears.publish(topic, payload)
    for row in rows:
        if row.payload in REST and row.settings:
            house.ears.publish(row.topic, REST[row.payload])
    for row in rows:
        for _ in range(3):
            house.ears.publish(row.topic, row.payload)

    def events() -> list[str]:
        """Which rows were heard."""
        kinds = ("doorbell.pressed", "visitor.seen")
        said = [one for kind in kinds for one in house.ears.events(kind)]
        said = [one["data"] for one in said if one["subject"] == "front"]
        return sorted(one.get("trigger", one["via"]) for one in said)

    triggers = [f"row{number}" for number, row in enumerate(rows) if row.settings]
    commands = ["command"] * len([row for row in rows if row.is_command])
    wanted = sorted([*triggers, *commands])
    until(lambda: len(events()) >= len(wanted), lambda: f"{events()} {house.log('hub')}")
    assert events() == wanted
