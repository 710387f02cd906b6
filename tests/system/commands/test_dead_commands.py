"""`doorbell dead-letters` and `doorbell replay`, on real processes, with and without a broker."""

import signal

import pytest

from tests.house import House, until
from tests.system.commands.test_trace_commands import ask


@pytest.fixture
def stubborn(mosquitto, tmp_path):
    """A house with a handler that refuses until a file says otherwise."""
    with House(tmp_path / "house", mosquitto) as house:
        mended = house.folder / "mended"
        house.write_handler(
            "flag",
            f'if not os.path.exists({str(mended)!r}):\n    raise Drop("no flag")\ndone(event)',
        )
        house.write_handler(
            "late", "done(event)", '"doorbell.pressed", max_age_s=0.001, on_redelivery="skip"'
        )
        house.start("hub", "flag", "late")
        yield house


def _give_up(house: House) -> str:
    press = house.press()
    house.wait_outcome(press, "flag", "handler.dead")
    (house.folder / "mended").touch()
    return press


def test_a_dead_letter_is_shown_and_sent_again_while_the_handler_runs(stubborn: House):
    """It is woken, does it, and says so; then there is no dead letter left."""
    press = _give_up(stubborn)
    listed = ask(stubborn, "dead-letters", "list").stdout
    assert press[-8:] in listed
    assert "flag      doorbell.pressed  after 1 attempt: no flag" in listed
    assert f'"id": "{press}"' in ask(stubborn, "dead-letters", "show", press[-8:]).stdout
    sent = ask(stubborn, "dead-letters", "retry", press)
    assert (sent.returncode, sent.stdout) == (
        0,
        "flag: doorbell.pressed of front is tried again\n",
    ), sent.stderr
    stubborn.wait_outcome(press, "flag")
    assert stubborn.effects("flag") == [press]
    assert ask(stubborn, "dead-letters", "list").stderr == "no dead letters\n"
    unknown = ask(stubborn, "dead-letters", "retry", press)
    assert (unknown.returncode, unknown.stderr) == (
        1,
        f"✗ {press}: no such dead letter. `doorbell dead-letters list` lists them\n",
    )


def test_a_letter_is_tried_again_though_its_file_ends_what_loads_it_now(stubborn: House):
    """The file is asked for its age limit only."""
    press = _give_up(stubborn)
    (stubborn.handlers_dir / "flag.py").write_text("import os\nos._exit(3)\n")
    sent = ask(stubborn, "dead-letters", "retry", press)
    assert sent.stdout == "flag: doorbell.pressed of front is tried again\n", sent.stderr


def test_without_a_broker_it_waits_for_the_handler(stubborn: House):
    """Without any process it is done when the handler starts; the trace shows both attempts."""
    press = _give_up(stubborn)
    stubborn.kill("flag")
    stubborn.broker.stop(signal.SIGKILL)
    assert ask(stubborn, "dead-letters", "retry", "--all").returncode == 0
    stubborn.start("flag", wait=False)
    until(lambda: stubborn.effects("flag") == [press], "the flag goes up without a broker")
    until(
        lambda: "✓ attempt 1" in ask(stubborn, "trace", press).stdout, "the outcome is written down"
    )
    assert "✗ attempt 1" in ask(stubborn, "trace", press).stdout


def test_a_dropped_letter_stays_away(stubborn: House):
    """Also over a restart, when the handler asks for what it missed."""
    press = _give_up(stubborn)
    assert (
        ask(stubborn, "dead-letters", "discard", press).stdout
        == "flag: doorbell.pressed of front is discarded\n"
    )
    stubborn.kill("flag")
    stubborn.start("flag")
    second = stubborn.press()
    stubborn.wait_outcome(second, "flag")
    assert stubborn.effects("flag") == [second]


def test_a_handler_reacts_again_to_what_a_person_wants(stubborn: House):
    """Events of that time and type, once for each replay; stale ones are announced and skipped."""
    presses = [stubborn.press() for _ in range(2)]
    for press in presses:
        stubborn.wait_outcome(press, "flag", "handler.dead")
    (stubborn.folder / "mended").touch()
    third = stubborn.press()
    stubborn.wait_outcome(third, "flag")
    dry = ask(stubborn, "replay", "flag", "--since", "1h", "--dry-run")
    assert dry.stdout.splitlines() == [
        "flag: 1 event would be put into its inbox: 1 doorbell.pressed",
        "not put there: 2 dead letters; `doorbell dead-letters retry` is for them",
    ], dry.stderr
    assert ask(stubborn, "replay", "flag", "--since", "1h").returncode == 0
    until(lambda: stubborn.effects("flag") == [third, third], lambda: str(stubborn.effects("flag")))
    old = ask(stubborn, "replay", "late", "--since", "1h")
    assert "3 events too old by its max_age_s: skipped" in old.stdout
    ask(stubborn, "replay", "late", "--since", "1h", "--any-age")
    until(
        lambda: set(stubborn.effects("late")) >= {*presses, third},
        lambda: str(stubborn.ears.events("handler.*")),
    )


def test_what_cannot_be_done_is_told(stubborn: House):
    """An unknown handler, a type without a reaction, a handler that never ran, no event at all."""
    for words, code, told in (
        (
            ["replay", "flga", "--since", "1h"],
            78,
            "flga: no such handler file. There are: bark, flag,",
        ),
        (
            ["replay", "flag", "--since", "1h", "--type", "a.b"],
            78,
            "a.b: flag does not react to it.",
        ),
        (["replay", "bark", "--since", "1h"], 1, "bark has never run here. Start it once"),
        (["dead-letters", "list", "--handler", "bark"], 1, "bark has never run here"),
        (["dead-letters", "retry"], 2, "name one by its ID"),
        (["replay", "flag"], 2, "--since"),
    ):
        done = ask(stubborn, *words)
        assert (done.returncode, told in done.stderr) == (code, True), (words, done.stderr)
