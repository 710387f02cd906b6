"""A visit with real processes is missed or answered once, whatever dies in between."""

import json
import shutil

import pytest

from hub.wire.event import uuid7
from tests import forked
from tests.house import ROOT, House, until
from tests.servers.secured import SecuredHouse, secured_mosquitto
from tests.system.faults import crash

ATTEMPT = "hub.consumer.attempt:LiveAttempt"
APPEND = "hub.store.journal.journal:Journal.append"
PUBLISH = "hub.mqtt.bus:Bus.publish"
SOON = "[handlers.{}]\nmissed_after_s = 5\ngap_s = 5\n"
DYING = {
    "the timer is asked for, nothing is committed": f"after:{ATTEMPT}.later:1",
    "the visit is known, nothing is said": "before:hub.consumer.outcomes:Outcomes.done:1",
    "visit.started is written, not committed": f"after:{APPEND}:1~'visit.started'",
    "visit.started is committed, not published": f"before:{PUBLISH}:1~event/visit/started",
    "it was missed, nothing is said": "before:hub.consumer.outcomes:Outcomes.done:2",
}


@pytest.fixture
def house(mosquitto, tmp_path):
    with House(tmp_path / "house", mosquitto) as house:
        yield house


def _answer(house, *, press="", door="front"):
    """As the page of answer links does."""
    command = {"id": uuid7(), "answer": "coming", "by": "anna", "press": press}
    house.ears.publish(f"doorbell/web/home/command/answer/home/{door}", json.dumps(command))


def _of(house, kind, press, name="visit"):
    return [
        event
        for event in house.ears.events(f"visit.{kind}", name)
        if event["data"]["visit"] == press
    ]


def _wait(house, kind, press, name="visit"):
    until(
        lambda: _of(house, kind, press, name),
        lambda: f"{name} says visit.{kind}: {house.log(name)[-2000:]}",
    )
    return _of(house, kind, press, name)


def _trace(house, press):
    done = forked.run("hub.cli.main", "trace", press, "--config", house.config)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _answer_until_it_is_one(house, press):
    _answer(house, press=press)
    return _wait(house, "answered", press)


def test_an_answer_ends_the_visit_and_the_trace_tells_it(house):
    """Two presses, one visit, one answer; `doorbell trace` shows what follows from what."""
    house.start("hub", "visit")
    first = house.press()
    _wait(house, "started", first)
    second = house.press()
    house.wait_outcome(second, "visit")
    (answered,) = _answer_until_it_is_one(house, first)
    assert answered["data"] == answered["data"] | {"presses": 2, "answer": "coming", "by": "anna"}
    assert answered["subject"] == "front"
    assert [event["data"]["visit"] for event in house.ears.events("visit.started")] == [first]
    shown = _trace(house, first)
    order = [
        "doorbell.pressed",
        "visit.started published",
        "visitor.answered published",
        "visit.answered published",
    ]
    assert sorted(order, key=shown.index) == order, shown


def test_a_crash_between_press_and_missed_loses_nothing_and_doubles_nothing(house):
    """Killed at each gap: the visit starts once and is missed once, with the press's own time."""
    house.start("hub")
    names = {f"visit{number}": point for number, point in enumerate(DYING.values())}
    for name in names:
        house.settings += SOON.format(name)
        shutil.copy(ROOT / "handlers" / "visit.py", house.handlers_dir / f"{name}.py")
    for name, point in names.items():
        house.start(name, doom=point, wait=False)
    for name in names:
        house.wait_ready(name)
    press = house.press()
    for name in names:
        until(lambda name=name: not house.is_running(name), f"{name} dies")
        house.processes.pop(name)
        house.start(name, wait=False)
    for name in names:
        house.wait_ready(name)
    (said,) = house.ears.events("doorbell.pressed")
    for name in names:
        (missed,) = _wait(house, "missed", press, name)
        assert missed["data"]["at"][:19] == said["time"][:19]
    last = house.press()
    for name in names:
        _wait(house, "started", last, name)
        assert [
            len(_of(house, kind, press, name)) for kind in ("started", "missed", "answered")
        ] == [1, 1, 0]


def test_what_happened_while_it_was_off_is_caught_up_as_one_visit(house):
    """Presses and answer come from the hub's journal in any order: answered, not missed."""
    house.start("hub", "visit")
    house.kill("visit")
    first, second = house.press(), house.press()
    _answer(house, press=second)
    until(lambda: house.ears.events("visitor.answered"), "the answer is heard")
    house.start("visit")
    for press in (first, second):
        house.wait_outcome(press, "visit")
    (answered,) = until(lambda: house.ears.events("visit.answered"), lambda: house.log("visit"))
    assert answered["data"]["visit"] in (first, second)
    last = (
        house.press()
    )  # it belongs to the answered visit: whoever was told need not be told again
    house.wait_outcome(last, "visit")
    assert [
        len(house.ears.events(f"visit.{kind}")) for kind in ("started", "answered", "missed")
    ] == [1, 1, 0]


def test_it_works_under_the_acl(mosquitto_program, tmp_path):
    """As the user `handler-visit`, over TLS: what it says is allowed, and heard."""
    users = ["handler-visit", "web-home"]
    with (
        secured_mosquitto(mosquitto_program, tmp_path, users) as secured,
        SecuredHouse(tmp_path / "h", secured) as house,
    ):
        house.start("hub", "visit")
        press = house.press()
        _wait(house, "started", press)
        done = forked.run("hub.cli.main", "answer", "front", "coming", "--config", house.config)
        assert done.returncode == 0, done.stderr
        _wait(house, "answered", press)
        assert "refuses" not in house.log("visit")


def test_the_steps_are_of_our_own_code():
    """What is misspelt would never be reached, and its test would wait for nothing."""
    assert all(crash.POINT.fullmatch(point) for point in DYING.values())
