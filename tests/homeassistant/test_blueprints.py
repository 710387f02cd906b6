"""The blueprints in a real Home Assistant, with a real hub; only the phone is a stand-in."""

import json
import shutil
from collections.abc import Iterator

import pytest

from hub.admin.doctor.context import open_context
from hub.admin.doctor.home_assistant import home_assistant as home_assistant_of
from hub.admin.doctor.house import broker as broker_of
from hub.wire.event import uuid7
from tests.homeassistant.app import App, app
from tests.house import ROOT, House, until
from tests.servers.brokers import BrokerProcess, mosquitto_broker
from tests.servers.home_assistant import HomeAssistant, home_assistant, installed

FOLDER = installed()
BLUEPRINTS = ROOT / "homeassistant" / "blueprints"
BELL = "event.front_door_bell"
PICTURE = "image.front_door_picture"
DOOR = {
    "bell": BELL,
    "picture": PICTURE,
    "visit": "sensor.front_door_visit",
    "coming": "button.front_door_coming",
    "leave_it": "button.front_door_leave_it",
}
PORCH, HALL = "light.porch", "light.hall"
LAMPS = """\
mobile_app:
sun:
input_boolean: {porch: {}, hall: {}}
input_number: {porch: {min: 0, max: 255}, hall: {min: 0, max: 255}}
template:
"""
LAMP = """\
  - light:
      - name: {0}
        state: "{{{{ is_state('input_boolean.{0}', 'on') }}}}"
        level: "{{{{ states('input_number.{0}') | int }}}}"
        turn_on: {{action: input_boolean.turn_on, target: {{entity_id: input_boolean.{0}}}}}
        turn_off: {{action: input_boolean.turn_off, target: {{entity_id: input_boolean.{0}}}}}
        set_level:
          - action: input_number.set_value
            target: {{entity_id: input_number.{0}}}
            data: {{value: "{{{{ brightness }}}}"}}
          - action: input_boolean.turn_on
            target: {{entity_id: input_boolean.{0}}}
"""
JPEG = b"\xff\xd8\xff"
pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="HOMEASSISTANT=DIR, see .ci/get-homeassistant"
)


@pytest.fixture(scope="module")
def broker(
    mosquitto_program: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrokerProcess]:
    """A mosquitto with the settings that this project recommends."""
    ours = (ROOT / "config/mosquitto/doorbell.conf").read_text(encoding="utf-8")
    with mosquitto_broker(mosquitto_program, tmp_path_factory.mktemp("broker"), ours) as one:
        yield one


@pytest.fixture(scope="module")
def house(broker: BrokerProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A hub with one door, announced to Home Assistant."""
    with House(tmp_path_factory.mktemp("tests") / "house", broker) as one:
        one.settings = '[handlers.record]\ncamera = "test"\nclip_s = 2\n'
        one.start("hub", "record")
        yield one


@pytest.fixture(scope="module")
def home(
    broker: BrokerProcess, house: House, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HomeAssistant]:
    """One with our blueprints and two lamps; it has found the door."""
    config = tmp_path_factory.mktemp("homeassistant") / "config"
    shutil.copytree(BLUEPRINTS, config / "blueprints")
    more = LAMPS + "".join(LAMP.format(name) for name in ("porch", "hall"))
    with home_assistant(FOLDER, config, broker.port, more) as one:
        until(lambda: one.state(PICTURE), lambda: f"the door is found: {one.log()[-3000:]}")
        yield one


@pytest.fixture(scope="module")
def phones(home: HomeAssistant) -> Iterator[list[App]]:
    """Two phones of a household."""
    with app(home, "Anna") as anna, app(home, "Ben") as ben:
        yield [anna, ben]


@pytest.fixture(scope="module")
def told(home: HomeAssistant, phones: list[App]) -> list[App]:
    """The same, told of each ring."""
    devices = [phone.device for phone in phones]
    home.use_blueprint("told", "doorbell/notification.yaml", phones=devices, **DOOR)
    return phones


def _ring(home: HomeAssistant, house: House) -> None:
    """Press, and wait until Home Assistant has heard it."""
    before = home.state(BELL)
    house.press()
    until(lambda: home.state(BELL) != before, lambda: f"the bell rings: {home.log()[-3000:]}")


def _rings(phone: App) -> int:
    """How many rings it was told of: the picture comes apart from the ring."""
    told = [one for one in phone.pushed if one["message"] == "Somebody is at the door"]
    return len([one for one in told if "image" not in one["data"]])


def _shown(phone: App) -> dict[str, object]:
    """The one notification that it shows; empty when there is none."""
    (one,) = phone.shown().values() or [{}]
    return one


def test_a_ring_is_told_at_once_then_with_the_picture_until_it_is_answered(
    home: HomeAssistant, house: House, told: list[App]
):
    """On all phones; the picture is the visitor's, and makes no second sound."""
    _ring(home, house)
    until(
        lambda: all("image" in _shown(one).get("data", {}) for one in told),
        lambda: f"the picture comes: {told[0].pushed} {home.attributes(PICTURE)}",
    )
    for phone in told:
        first, second = phone.pushed
        assert first["message"] == "Somebody is at the door"
        assert "image" not in first["data"]
        assert first["data"]["tag"] == second["data"]["tag"]
        assert second["data"]["alert_once"] is True
        assert [one["title"] for one in second["data"]["actions"]] == ["Coming", "Leave it"]
        assert home.get(second["data"]["image"]).startswith(JPEG)
    told[0].taps(_shown(told[0])["data"]["actions"][0]["action"])
    until(lambda: house.ears.events("visitor.answered"), "the visitor is answered")
    assert house.ears.events("visitor.answered")[-1]["data"]["answer"] == "coming"
    until(lambda: not any(phone.shown() for phone in told), "it is cleared on both")


def test_an_answer_from_elsewhere_clears_it(home: HomeAssistant, house: House, told: list[App]):
    """From the page, from the command line or from Home Assistant itself."""
    _ring(home, house)
    until(lambda: all(phone.shown() for phone in told), "both phones show it")
    until(lambda: home.state(DOOR["visit"]) == "waiting", "Home Assistant sees the visitor wait")
    answer = json.dumps({"id": uuid7(), "answer": "leave_it"})
    house.ears.publish("doorbell/cli/test/command/answer/home/front", answer)
    until(lambda: not any(phone.shown() for phone in told), "it is cleared on both")


def test_a_hub_that_is_back_is_no_ring(home: HomeAssistant, house: House, told: list[App]):
    """The bell was unavailable meanwhile, and shows its last ring again."""
    before = [_rings(phone) for phone in told]
    house.kill("hub")
    until(lambda: home.state(BELL) == "unavailable", "the bell is unavailable")
    house.start("hub")
    until(lambda: home.state(BELL) != "unavailable", "the bell is back")
    _ring(home, house)
    until(lambda: home.state(DOOR["visit"]) == "waiting", "Home Assistant sees the visitor wait")
    until(lambda: all(phone.shown() for phone in told), "both phones show it")
    home.act("button.press", entity_id=DOOR["coming"])
    until(lambda: not any(phone.shown() for phone in told), "it is cleared on both")
    assert [_rings(phone) for phone in told] == [rings + 1 for rings in before]


def test_lamps_come_on_in_the_dark_and_are_put_back(home: HomeAssistant, house: House):
    """One that was on and dimmed, and one that was off; a second ring meanwhile changes nothing."""
    home.act("light.turn_on", entity_id="light.hall", brightness=40)
    until(lambda: _lamps(home) == [("off", None), ("on", 40)], "one is on, one is off")
    lamps = ["light.porch", "light.hall"]
    wanted = {"bell": BELL, "lamps": lamps, "minutes": 0.1, "dark_below": 90}
    home.use_blueprint("lit", "doorbell/light.yaml", **wanted)
    house.press()
    until(lambda: _lamps(home) == [("on", 255), ("on", 255)], "both are bright")
    house.press()
    until(lambda: _lamps(home) == [("off", None), ("on", 40)], "both are as they were")
    home.act("automation.turn_off", entity_id="automation.lit")  # other tests ring, too


def test_by_day_they_stay_off(home: HomeAssistant, house: House):
    """The sun is higher than the setting says."""
    wanted = {"bell": BELL, "lamps": ["light.porch"], "dark_below": -90}
    home.use_blueprint("by_day", "doorbell/light.yaml", **wanted)
    _ring(home, house)
    assert home.state("light.porch") == "off"


def _lamps(home: HomeAssistant) -> list[tuple[str, int | None]]:
    facts = [home.attributes(f"light.{name}") for name in ("porch", "hall")]
    return [(one["state"], one["attributes"].get("brightness")) for one in facts]


def test_the_doctor_sees_it(home: HomeAssistant, house: House):
    """It reads announcements, and has taken ours."""
    house.ears.close()  # they hear everything, and so would hide who else listens
    try:
        context = open_context(house.config)
        list(broker_of(context))
        found = list(home_assistant_of(context, lambda *_: ()))
    finally:
        house.ears = house.listen()
    assert found[0].state == "ok", found
    assert "has taken what we announced on homeassistant/" in found[0].found
