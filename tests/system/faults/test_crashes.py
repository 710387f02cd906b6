"""kill -9 at each step of a press: of the hub, of a handler, of both. Then the audit must agree.

All steps are tried on mosquitto, which is the fastest to start and forgets everything when it
dies. On the others a few are enough: a broker's only part in a crash is what it does with the
connection that ended and with
the message that was not acknowledged: so those around publishing, the act and the acknowledgement.
"""

import json
import signal
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.house import House, until
from tests.system.faults import crash
from tests.system.faults.ledger import settle_accounts

pytestmark = pytest.mark.fault_matrix

BOTH = ("one", "careful")
FEW = (
    ("hub", "committed, not published"),
    ("hub", "published, not acknowledged"),
    ("one", "acted on, not recorded"),
    ("one", "done, not gone on"),
)


@pytest.fixture
def house(mosquitto, tmp_path):
    """One on mosquitto."""
    with House(tmp_path / "house", mosquitto) as house:
        yield house


def _furnish(house: House, body: str = "done(event)", **options: object) -> None:
    """One handler that repeats where a crash may have come after the act, and one that does not."""
    more = "".join(f", {key}={value}" for key, value in options.items())
    house.write_handler("one", body, f'"doorbell.pressed"{more}')
    house.write_handler("careful", body, f'"doorbell.pressed", on_redelivery="skip"{more}')


def _await_death(house: House, name: str) -> None:
    until(
        lambda: not house.is_running(name), lambda: f"{name} comes to the step: {house.log(name)}"
    )
    assert house.processes[name].wait() == -signal.SIGKILL, house.log(name)


def _crash(house: House, name: str, point: str) -> None:
    """The bell rings, the process dies at that step and is started again; the bell rings again."""
    house.start(*({"hub", *BOTH} - {name}), wait=False)
    house.start(name, doom=point, wait=False)
    for each in ("hub", *BOTH):
        house.wait_ready(each)
    house.send_press()
    _await_death(house, name)
    house.start(name)
    house.press()
    settle_accounts(house)


@pytest.mark.parametrize("step", crash.STEPS)
def test_each_step_is_still_there(step: str):
    """A method that was renamed must not silently take its step out of the matrix."""
    assert crash.find(crash.STEPS[step])


def test_a_step_that_is_not_there_is_told():
    """A process told to die at a step that is none says so, and does not simply live on."""
    with pytest.raises(ValueError, match=r"has no Inbox\.gone"):
        crash.find("before:hub.store.inbox.inbox:Inbox.gone:1")
    with pytest.raises(ValueError, match="a point looks like"):
        crash.find("now")


@pytest.mark.parametrize("step", crash.HUB_STEPS)
def test_the_hub_dies(house: House, step: str):
    """At whatever step the hub dies: what stands in its journal is acted on once, by everybody."""
    _furnish(house)
    _crash(house, "hub", crash.HUB_STEPS[step])


@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("step", crash.WORKER_STEPS)
def test_a_handler_dies(house: House, step: str, name: str):
    """It repeats the act only by its policy and as a redelivery; the other one does not notice."""
    _furnish(house)
    _crash(house, name, crash.WORKER_STEPS[step])
    other = next(each for each in BOTH if each != name)
    assert [told for _, told in house.acts(other)] == [False] * len(house.effects(other))


@pytest.mark.parametrize("step", crash.NOTE_STEPS)
def test_a_handler_dies_while_it_notes_acknowledgements(house: House, step: str):
    """An outcome that the broker has may be said again after a crash, and is the same one then."""
    _furnish(house)
    house.start("hub", "careful", wait=False)
    house.start("one", doom=crash.NOTE_STEPS[step], wait=False)
    for each in ("hub", *BOTH):
        house.wait_ready(each)
    house.wait_outcome(house.press(), "one")
    house.send_press()  # it notes the first one's when it has done with the second
    _await_death(house, "one")
    house.start("one")
    settle_accounts(house)


@pytest.mark.parametrize("any_broker", ["embedded", "our_mosquitto"], indirect=True)
@pytest.mark.parametrize(("name", "step"), FEW)
def test_a_few_steps_on_the_other_brokers(any_house: House, name: str, step: str):
    """It makes no difference what the broker does with a connection that ended in a press."""
    _furnish(any_house)
    _crash(any_house, name, crash.STEPS[step])


@pytest.mark.parametrize("step", crash.ANSWER_STEPS)
def test_the_hub_dies_while_it_is_asked(house: House, step: str):
    """A handler that was off asks again until it has its answer."""
    _furnish(house)
    house.start("hub", *BOTH)
    house.press()
    settle_accounts(house)
    house.kill("one")
    house.press()
    house.kill("hub")
    house.start("hub", doom=crash.ANSWER_STEPS[step], wait=False)
    house.start("one", wait=False)
    _await_death(house, "hub")
    house.start("hub")
    settle_accounts(house)
    assert len(house.effects("one")) == 2


@pytest.mark.parametrize("step", crash.CATCH_UP_STEPS)
def test_a_handler_dies_while_it_catches_up(house: House, step: str):
    """Missed events come from pages; a page that was half gone through is asked for again."""
    _furnish(house)
    house.start("hub", *BOTH)
    house.press()
    settle_accounts(house)
    house.kill("one")
    for _ in range(3):
        house.press()
    house.start("one", doom=crash.CATCH_UP_STEPS[step], wait=False)
    _await_death(house, "one")
    house.start("one")
    settle_accounts(house)


@pytest.mark.parametrize("step", crash.RETRY_STEPS)
def test_a_handler_dies_while_it_tries_again(house: House, step: str):
    """Attempts are counted over crashes, and a planned retry outlives them."""
    _furnish(
        house,
        "if event.attempt == 1:\n    raise ValueError('not yet')\ndone(event)",
        backoff_s=0.05,
    )
    _crash(house, "one", crash.RETRY_STEPS[step])


@pytest.mark.parametrize("step", crash.CHECKPOINT_STEPS)
def test_a_handler_dies_around_its_checkpoint(house: House, step: str):
    """What it saved is there for the next attempt; what it only remembered counts once a press."""
    _furnish(
        house,
        "memory['saved'] = [*memory.get('saved', []), event.attempt]\n"
        "checkpoint()\n"
        "memory['counted'] = memory.get('counted', 0) + 1\n"
        "done(event)",
    )
    _crash(house, "one", crash.CHECKPOINT_STEPS[step])
    is_saved = step != "the checkpoint is written, not committed"
    assert _remembered(house, "counted") == 2
    # The other press may come before the next attempt.
    assert sorted(_remembered(house, "saved")) == ([1, 1, 2] if is_saved else [1, 2])


def _remembered(house: House, key: str) -> Any:
    with closing(sqlite3.connect(house.state_dir / "one.db")) as db:
        return json.loads(
            db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()[0]
        )


def _furnish_observer(house: House) -> None:
    house.write_handler("all", "if event.type == 'doorbell.pressed':\n    done(event)", '"*"')


@pytest.mark.parametrize("step", crash.OBSERVER_STEPS)
def test_an_observer_dies(house: House, step: str):
    """What it may have acted on without a claim comes again, as redelivered, and is claimed."""
    _furnish(house)
    _furnish_observer(house)
    house.start("all", doom=crash.OBSERVER_STEPS[step], wait=False)
    house.start("hub", *BOTH, wait=False)
    for each in ("hub", "all", *BOTH):
        house.wait_ready(each)
    house.send_press()
    _await_death(house, "all")
    house.start("all")
    house.press()
    settle_accounts(house)


def test_an_observer_dies_and_so_does_its_successor_before_it_has_claimed_anything(house: House):
    """That the first one may have acted is known until it is settled, and not for one start."""
    _furnish(house)
    _furnish_observer(house)
    house.start("hub", *BOTH)
    for step in ("acted on, not claimed", "not begun"):
        house.start("all", doom=crash.STEPS[step], wait=False)
        if step == "acted on, not claimed":
            house.wait_ready("all")
            house.send_press()
        _await_death(house, "all")
    house.start("all")
    settle_accounts(house)
    assert [told for _, told in house.acts("all")] == [False, True]


@pytest.mark.parametrize("step", crash.DEAD_STEPS)
def test_a_handler_dies_while_it_gives_up(house: House, step: str):
    """A dead letter is written and told once."""
    _furnish(house, "raise Drop('never')")
    _crash(house, "one", crash.DEAD_STEPS[step])
