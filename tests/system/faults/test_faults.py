"""The promise under a few faults, on each broker. Effects are counted at the effect."""

import signal

from tests.forked import PATIENCE_S
from tests.house import House, until


def test_a_killed_handler_catches_up_and_the_others_do_not_notice(house: House):
    """A handler is killed: the others go on, and it reacts to each press when it is back, once."""
    house.write_handler("one", "done(event)")
    house.write_handler("two", "done(event)")
    house.start("hub", "one", "two")
    first = house.press()
    house.wait_outcome(first, "one")
    house.wait_outcome(first, "two")
    house.kill("one")
    missed = [house.press() for _ in range(3)]
    for press in missed:
        house.wait_outcome(press, "two")
    assert house.effects("one") == [first]
    house.start("one")
    for press in missed:
        house.wait_outcome(press, "one")
    assert house.effects("one") == [first, *missed]
    assert house.effects("two") == [first, *missed]


def test_a_press_without_a_broker_is_delivered_when_it_is_back(house: House):
    """The broker dies and comes back empty: what was waiting in the journal arrives, once."""
    house.write_handler("one", "done(event)")
    house.start("hub", "one")
    before = house.press()
    house.wait_outcome(before, "one")
    house.kill("one")
    during = house.press()
    house.kill("hub")
    house.broker.stop(signal.SIGKILL)
    house.start("hub", "one", wait=False)
    house.broker.start()
    until(lambda: len(house.effects("one")) > 1, lambda: f"the press arrives: {house.log('one')}")
    house.wait_ready("one")
    after = house.press()
    house.wait_outcome(after, "one")
    assert house.effects("one") == [before, during, after]


def test_a_crash_between_act_and_record_is_told_to_the_handler(house: House):
    """A handler killed after its act gets the event again, as redelivered, and repeats it."""
    marker = house.folder / "died"
    body = (
        "done(event)\n"
        f"if not os.path.exists({str(marker)!r}):\n"
        f"    open({str(marker)!r}, 'w').close()\n"
        "    os.kill(os.getpid(), 9)\n"
        "return f'redelivered={event.redelivered} attempt={event.attempt}'"
    )
    house.write_handler("one", body)
    house.start("hub", "one")
    press = house.press()
    assert house.processes["one"].wait(PATIENCE_S) == -signal.SIGKILL
    house.start("one")
    house.wait_outcome(press, "one")
    (done,) = house.ears.events("handler.done", "one")
    assert done["data"]["note"] == "redelivered=True attempt=2"
    assert house.effects("one") == [press, press]


def test_a_handler_that_must_not_repeat_skips_after_a_crash(house: House):
    """With on_redelivery="skip" an act that may have been done is not done again."""
    house.write_handler(
        "one", "done(event)\nos.kill(os.getpid(), 9)", '"doorbell.pressed", on_redelivery="skip"'
    )
    house.start("hub", "one")
    press = house.press()
    house.processes["one"].wait(PATIENCE_S)
    house.start("one")
    house.wait_outcome(press, "one", "handler.skipped")
    assert house.effects("one") == [press]


def test_an_event_that_kills_its_handler_ends_in_the_dead_letters(house: House):
    """Attempts count across crashes; after the last one the handler goes on with the next event."""
    house.write_handler(
        "one",
        "os.kill(os.getpid(), 9) if event.data['via'] == 'command' else None",
        '"doorbell.pressed", attempts=2',
    )
    house.start("hub", "one")
    press = house.press()
    for _ in range(2):
        house.processes["one"].wait(PATIENCE_S)
        house.start("one", wait=False)
    house.wait_outcome(press, "one", "handler.dead")
    assert house.processes["one"].poll() is None


def test_a_failing_handler_is_retried_and_a_hanging_one_is_stopped(house: House):
    """Each failure has its reason; success ends it; one handler's limits delay no other."""
    house.write_handler(
        "flaky",
        "if event.attempt < 3:\n    raise ValueError('not yet')\ndone(event)",
        '"doorbell.pressed", backoff_s=0.05',
    )
    house.write_handler(
        "hangs", "time.sleep(60)", '"doorbell.pressed", timeout_s=0.2, attempts=2, backoff_s=0.05'
    )
    house.start("hub", "flaky", "hangs")
    press = house.press()
    house.wait_outcome(press, "flaky")
    house.wait_outcome(press, "hangs", "handler.dead")
    assert house.ears.outcomes(press, "flaky") == [
        "handler.retried",
        "handler.retried",
        "handler.done",
    ]
    assert house.ears.outcomes(press, "hangs") == ["handler.retried", "handler.dead"]
    assert house.ears.events("handler.retried", "flaky")[0]["data"]["reason"] == "not yet"
    assert (
        house.ears.events("handler.dead", "hangs")[0]["data"]["reason"]
        == "it took longer than 0.2 s"
    )
    assert house.effects("flaky") == [press]


def test_a_message_twice_is_acted_on_once(house: House):
    """The same event delivered again, by anybody, has no second effect."""
    house.write_handler("one", "done(event)")
    house.start("hub", "one")
    press = house.press()
    house.wait_outcome(press, "one")
    topic, payload = next((t, p) for t, p, _ in house.ears.heard if "/event/doorbell/pressed/" in t)
    for _ in range(3):
        house.ears.publish(topic, payload)
    after = house.press()
    house.wait_outcome(after, "one")
    assert house.effects("one") == [press, after]


def test_a_command_delivered_twice_rings_once(house: House):
    """A press from afar carries its id, and the hub knows its own journal."""
    house.write_handler("one", "done(event)")
    house.start("hub", "one")
    press = house.press()
    topic, payload = next((t, p) for t, p, _ in house.ears.heard if "/press/home/" in t)
    house.ears.publish(topic, payload)
    after = house.press()
    house.wait_outcome(after, "one")
    assert [event["id"] for event in house.ears.events("doorbell.pressed")] == [press, after]


def test_nothing_but_a_press_rings(house: House):
    """A retained, malformed or misplaced event, a retained command and a restart have no effect."""
    house.write_handler("one", "done(event)")
    house.start("hub", "one")
    first = house.press()
    house.wait_outcome(first, "one")
    topic, payload = next((t, p) for t, p, _ in house.ears.heard if "/event/doorbell/pressed/" in t)
    forged = payload.replace(first.encode(), b"0" * len(first)).replace(
        b'"0000000000000001"', b'"0000000000000009"'
    )
    house.ears.publish(topic, b"\xff not json")
    house.ears.publish(topic.replace("hub/home", "handler/evil"), forged)
    house.ears.publish("doorbell/cli/test/command/press/home/front", b'{"id": 1}')
    house.kill("hub", signal.SIGTERM)
    house.kill("one", signal.SIGTERM)
    house.ears.publish(topic, forged, retain=True)
    house.ears.publish(
        "doorbell/cli/test/command/press/home/front", '{"id": "' + "0" * 36 + '"}', retain=True
    )
    house.start("hub", "one")
    last = house.press()
    house.wait_outcome(last, "one")
    effects = house.effects("one")
    # The broker forgets it; but an empty command is a press, too.
    house.ears.publish("doorbell/cli/test/command/press/home/front", b"", retain=True)
    assert effects == [first, last]


def test_a_stale_press_is_skipped(house: House):
    """An event older than the handler's limit is skipped, and not acted on."""
    house.write_handler("one", "done(event)", '"doorbell.pressed", max_age_s=60')
    house.start("hub", "one")
    first = house.press()
    house.wait_outcome(first, "one")
    house.kill("one")
    house.write_handler("one", "done(event)", '"doorbell.pressed", max_age_s=0.5')
    late = house.press()
    until(lambda: _age_s(house, late) > 0.6, "the press grows old")
    house.start("one")
    house.wait_outcome(late, "one", "handler.skipped")
    assert house.effects("one") == [first]


def _age_s(house: House, press: str) -> float:
    import time  # noqa: PLC0415
    from datetime import datetime  # noqa: PLC0415

    (event,) = [e for e in house.ears.events("doorbell.pressed") if e["id"] == press]
    return time.time() - datetime.fromisoformat(event["time"]).timestamp()


def test_a_flood_is_taken_completely(house: House):
    """300 presses in a row, more than any window: each is acted on once, in order."""
    house.write_handler("one", "done(event)")
    house.start("hub", "one")
    presses = [house.send_press() for _ in range(300)]
    until(
        lambda: len(house.effects("one")) >= len(presses),
        lambda: f"all arrive: {len(house.effects('one'))}",
        60,
    )
    assert house.effects("one") == presses
