"""Home Assistant on a broker with our access control list, as the user that it has there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.admin.doctor.context import open_context
from hub.admin.doctor.home_assistant import home_assistant as home_assistant_of
from hub.admin.doctor.house import broker as broker_of
from tests.homeassistant.home import BELL, Home
from tests.house import until
from tests.servers.home_assistant import HomeAssistant, home_assistant, installed
from tests.servers.secured import SecuredHouse, secured_mosquitto

PICTURE = "image.front_door_picture"
USER = "homeassistant"


@pytest.fixture
def house(mosquitto_program: str, tmp_path: Path) -> Iterator[SecuredHouse]:
    """Each of its processes logs in as itself."""
    with (
        secured_mosquitto(mosquitto_program, tmp_path, ()) as secured,
        SecuredHouse(tmp_path / "house", secured) as one,
    ):
        one.settings = Home.SETTINGS
        one.start(*Home.PROCESSES)
        yield one


@pytest.fixture
def seen(house: SecuredHouse, tmp_path: Path) -> Iterator[HomeAssistant]:
    """It has found the door."""
    folder = installed()
    assert folder
    login = (USER, house.secured.password(USER))
    port = house.secured.broker.port
    with home_assistant(folder, tmp_path / "config", port, login=login) as one:
        until(lambda: one.state(PICTURE), lambda: f"{one.states()} {house.log('hub')}")
        until(lambda: one.state(BELL) != "unavailable", "the hub is there")
        yield one


def test_it_hears_and_commands_everything_it_needs(house: SecuredHouse, seen: HomeAssistant):
    """Rings, pictures, answers, quiet, drill, speaking; and the doctor sees it."""
    before = seen.state(BELL)
    house.press()
    until(lambda: seen.state(BELL) != before, "the bell rings")
    until(lambda: seen.picture(PICTURE)[:2] == b"\xff\xd8", "there is the visitor's picture")
    taken = seen.state(PICTURE)
    seen.act("button.press", entity_id="button.front_door_take_a_picture")
    until(lambda: seen.state(PICTURE) != taken, "there is another picture")
    seen.act("button.press", entity_id="button.front_door_coming")
    until(lambda: _answers(house) == ["coming"], lambda: f"{_answers(house)}")
    until(lambda: seen.state("sensor.front_door_visit") == "answered", "it sees the answer")
    seen.act("notify.send_message", entity_id="notify.front_door_say", message="One moment")
    until(lambda: _answers(house) == ["coming", "One moment"], lambda: f"{_answers(house)}")
    seen.act("switch.turn_on", entity_id="switch.doorbell_hub_quiet")
    until(lambda: seen.state("switch.doorbell_hub_quiet") == "on", "it is quiet")
    seen.act("button.press", entity_id="button.front_door_drill")
    until(lambda: house.ears.events("doorbell.drilled"), "a drill is made")
    presses = len(house.ears.events("doorbell.pressed"))
    seen.act("button.press", entity_id="button.front_door_test_ring")
    until(lambda: len(house.ears.events("doorbell.pressed")) > presses, "it rings")
    for name in Home.PROCESSES:
        assert "refuses" not in house.log(name)
    context = open_context(house.config)
    list(broker_of(context))
    found = next(iter(home_assistant_of(context, lambda *_: ())))
    assert found.state == "ok", found


def _answers(house: SecuredHouse) -> list[str]:
    return [one["data"]["answer"] for one in house.ears.events("visitor.answered")]
