"""What a person does with a door in Home Assistant."""

import pytest

from tests.homeassistant.home import BELL, SOON_S, Home, payloads
from tests.house import until

HUB_KEYS = ("switch.doorbell_hub_quiet", "sensor.doorbell_hub_last_drill")


def test_the_hub_and_its_door_are_found(home: Home):
    """Two devices, the door below the hub, and no complaint in Home Assistant's log."""
    door = home.seen.render(f"{{{{ device_attr(device_id('{BELL}'), 'name') }}}}")
    above = home.seen.render(
        f"{{{{ device_attr(device_attr(device_id('{BELL}'), 'via_device_id'), 'name') }}}}"
    )
    assert (door, above) == ("Front door", "Doorbell hub")
    assert set(HUB_KEYS) <= set(home.seen.states())
    home.wait("binary_sensor.doorbell_hub_connected", "on")
    home.wait("binary_sensor.doorbell_hub_problem", "off")


def test_a_press_rings_once(home: Home):
    """Both kinds of automation run once; the door says who came when, and that the visit waits."""
    press = home.ring()
    assert home.attribute(BELL, "event_type") == "ring"
    assert home.attribute(BELL, "id") == press
    home.wait("sensor.front_door_visit", "waiting")
    pressed = home.house.ears.events("doorbell.pressed")[-1]["time"][:19]
    home.wait("sensor.front_door_last_visitor", lambda state: state.startswith(pressed))


def test_buttons_answer_the_visitor(home: Home):
    """The answer is an event of the house; the sensors say what it was and who gave it."""
    home.ring()
    home.press_button("front_door_coming")
    home.wait("sensor.front_door_last_answer", "coming")
    home.wait("sensor.front_door_visit", "answered")
    assert home.attribute("sensor.front_door_last_answer", "by") == "Home Assistant"
    home.press_button("front_door_leave_it")
    home.wait("sensor.front_door_last_answer", "leave_it")


def test_a_command_that_comes_twice_is_carried_out_once(home: Home):
    """Home Assistant's client may send it again: it has the same id. Each press has its own."""
    before = len(home.house.ears.events("doorbell.pressed"))
    for _ in range(2):
        home.press_button("front_door_test_ring")
    until(lambda: len(home.commands("press")) >= 2, "both commands are given", SOON_S)
    first, second = home.commands("press")[-2:]
    assert payloads([first]) != payloads([second])
    home.house.ears.publish(*first)
    ids = [one["id"] for one in payloads([first, second])]
    home.wait_ring(ids[0])
    home.wait_ring(ids[1])
    home.ring()  # what was sent again before it would have rung by now
    assert len(home.house.ears.events("doorbell.pressed")) == before + 3
    home.must_have_rung_once(ids[0])


@pytest.mark.parametrize(
    ("words", "spoken"),
    [
        ('Please wait: "one" minute.\nThank you', 'Please wait: "one" minute. Thank you'),
        ("snooze", "snooze."),
    ],
)
def test_a_message_is_spoken_at_the_door(home: Home, words: str, spoken: str):
    """The notify entity's message is the answer, and the voice says it."""
    home.ring()
    home.seen.act("notify.send_message", entity_id="notify.front_door_say", message=words)
    until(
        lambda: home.answers()[-1:] and home.answers()[-1]["answer"] == spoken,
        lambda: f"{home.answers()}",
        SOON_S,
    )
    until(
        lambda: any(
            event["data"].get("note") == f"said: {spoken}"
            for event in home.house.ears.events("handler.done", "speak")
        ),
        lambda: home.house.log("speak"),
        SOON_S,
    )


def test_the_house_is_quiet_at_the_switch(home: Home):
    """On, off, and with an end that somebody else has set."""
    for service, state in (("turn_on", "on"), ("turn_off", "off")):
        home.seen.act(f"switch.{service}", entity_id="switch.doorbell_hub_quiet")
        home.wait("switch.doorbell_hub_quiet", state)
        until(
            lambda quiet=state == "on": (
                home.house.ears.messages("doorbell/hub/home/quiet")[-1]["quiet"] == quiet
            ),
            "the house is quiet, or not",
            SOON_S,
        )
    topic = "doorbell/cli/test/command/quiet/home"
    home.house.ears.publish(topic, '{"quiet": true, "for_s": 3600}')
    end = home.wait("sensor.doorbell_hub_quiet_until", lambda state: state.startswith("20"))
    assert home.attribute("switch.doorbell_hub_quiet", "until")[:19] == end[:19]
    home.house.ears.publish(topic, "auto")
    home.wait("switch.doorbell_hub_quiet", "off")
    home.wait("sensor.doorbell_hub_quiet_until", "unknown")


def test_a_drill_has_a_result_and_rings_nowhere(home: Home):
    """Every handler passes; nobody is called to the door."""
    rings = home.rings()
    home.press_button("doorbell_hub_drill")
    until(lambda: home.house.ears.events("doorbell.drilled"), "there is a drill", SOON_S)
    drilled = home.house.ears.events("doorbell.drilled")[-1]["time"][:19]
    until(
        lambda: str(home.attribute("sensor.doorbell_hub_last_drill", "at")).startswith(drilled),
        "its result is here",
        SOON_S,
    )
    home.wait("sensor.doorbell_hub_last_drill", "passed")
    assert home.rings() == rings


def test_the_picture_is_this_visitors(home: Home):
    """The same bytes that the handler published; another one on demand."""
    home.ring()
    until(lambda: _published(home), "a picture is published", SOON_S)
    until(lambda: home.seen.picture("image.front_door_picture") == _published(home), "it is shown")
    first = _published(home)
    home.press_button("front_door_take_a_picture")
    until(lambda: _published(home) != first, "another picture is published", SOON_S)
    until(
        lambda: home.seen.picture("image.front_door_picture") == _published(home),
        "the other one is shown",
        SOON_S,
    )


def _published(home: Home) -> bytes:
    topic = "doorbell/handler/record/picture/home/front"
    pictures = [load for at, load, _ in home.house.ears.heard if at == topic]
    return pictures[-1] if pictures else b""


def test_a_handler_that_ends_is_a_problem(home: Home):
    """Killed, it shows within seconds with its reason; back, it is none any more."""
    entity = "binary_sensor.doorbell_hub_handler_speak"
    home.wait(entity, "off")
    home.house.kill("speak")
    home.wait(entity, "on")
    assert home.attribute(entity, "reason") == "vanished"
    home.house.start("speak")
    home.wait(entity, "off")
