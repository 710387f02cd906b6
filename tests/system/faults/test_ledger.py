"""The audit itself: an honest ledger passes, and each kind of lie is found."""

import copy
from pathlib import Path

import pytest

from tests.house import House
from tests.servers.brokers import BrokerProcess
from tests.system.faults.ledger import (
    Books,
    Handler,
    Ledger,
    settle_accounts,
    unsettled,
    violations,
)

STREAM = "doorbell/hub/home doorbell.pressed front"


def _press(number):
    event = {
        "id": f"p{number}",
        "type": "doorbell.pressed",
        "source": "doorbell/hub/home",
        "subject": "front",
    }
    return event | {"sequence": f"{number:016d}", "epoch": "e", "data": {}}


def _outcome(number, press, kind="handler.done", attempt=1, *, redelivered=False):
    data = {"type": "doorbell.pressed", "attempt": attempt, "redelivered": redelivered}
    event = {
        "id": f"o{number}",
        "type": kind,
        "source": "doorbell/handler/one",
        "subject": "front",
        "data": data,
    }
    return event | {"sequence": f"{number:016d}", "epoch": "e", "causationid": press}


def _clip(number, cause):
    return _outcome(number, cause) | {"id": f"c{number}", "type": "clip.recorded"}


def _books_of_one(*outcomes, in_hand=()):
    heads = {}
    for outcome in outcomes:
        heads[f"doorbell/handler/one {outcome['type']} front", "e"] = int(outcome["sequence"])
    return Books(
        [(outcome, True) for outcome in outcomes], heads, {(STREAM, "e"): 2}, list(in_hand)
    )


@pytest.fixture
def ledger() -> Ledger:
    """Two presses, done once each; the second one after a crash behind its act."""
    presses = [_press(1), _press(2)]
    hub = Books([(press, True) for press in presses], {(STREAM, "e"): 2})
    books = _books_of_one(_outcome(1, "p1"), _outcome(2, "p2", attempt=2, redelivered=True))
    one = Handler(books, [("p1", False), ("p2", False), ("p2", True)], crashes=1)
    return Ledger(hub, {"one": one}, [*presses, *(event for event, _ in books.said)], ["p1", "p2"])


def _found(ledger):
    return [*violations(ledger), *unsettled(ledger)]


def test_an_honest_ledger_passes(ledger: Ledger):
    """A repeat that was told, by a handler whose policy it is, is no violation."""
    assert _found(ledger) == []


def _edit(change):
    def lie(ledger):
        change(ledger, ledger.handlers["one"])

    return lie


LIES = {
    "is lost": _edit(lambda _, one: one.books.said.pop()),
    "still in hand (trying)": _edit(lambda _, one: one.books.in_hand.append(("trying", "p2"))),
    "was never said": _edit(
        lambda all_, one: (
            all_.heard.pop(),
            one.books.said.append((one.books.said.pop()[0], False)),
        )
    ),
    "has come to 1 of 2": _edit(lambda _, one: one.books.cursors.update({(STREAM, "e"): 1})),
    "is damaged": _edit(lambda all_, _: setattr(all_.hub, "sound", False)),
    "is numbered [2]": _edit(lambda all_, _: all_.hub.said.pop(0)),
    "rang by itself": _edit(lambda all_, _: all_.commanded.pop()),
    "stands 2 times": _edit(lambda all_, _: all_.hub.said.append(all_.hub.said[0])),
    "stands in no journal": _edit(lambda all_, _: all_.heard.append(_press(9))),
    "differs from its journal": _edit(
        lambda all_, _: all_.heard.append(_press(1) | {"data": {"via": "a lie"}})
    ),
    "ended more than once": _edit(
        lambda _, one: one.books.said.append((_outcome(3, "p1", attempt=2), True))
    ),
    "which nobody said": _edit(lambda _, one: one.books.said.append((_outcome(3, "p9"), True))),
    "the dead letters say otherwise": _edit(
        lambda _, one: one.books.in_hand.append(("dead", "p1"))
    ),
    "the attempts at p1 are numbered [1, 1]": _edit(
        lambda _, one: one.books.said.insert(0, (_outcome(3, "p1", "handler.retried"), True))
    ),
    "acted on p9": _edit(lambda _, one: one.acts.append(("p9", False))),
    "said clip.recorded 2 times": _edit(
        lambda _, one: [one.books.said.append((_clip(n, "p1"), True)) for n in (1, 2)]
    ),
    "which is not done": _edit(lambda _, one: one.books.said.append((_clip(1, "p9"), True))),
    "its policy is not to repeat": _edit(lambda _, one: setattr(one, "repeats", False)),
    "without being told": _edit(lambda _, one: one.acts.append(("p1", False))),
    "its outcome does not say so": _edit(lambda _, one: one.acts.append(("p1", True))),
    "did nothing": _edit(lambda _, one: one.acts.pop(0)),
    "died only 0 times": _edit(lambda _, one: setattr(one, "crashes", 0)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_found(ledger: Ledger, lie: str):
    """Each thing that must not be, put into an honest ledger, is told in words of its own."""
    LIES[lie](copy.deepcopy(ledger))
    assert _found(ledger) == []
    LIES[lie](ledger)
    assert [line for line in _found(ledger) if lie in line], _found(ledger)


def test_a_real_house_that_acts_twice_is_caught(mosquitto: BrokerProcess, tmp_path: Path):
    """The audit sees real processes: one that acts twice for one press does not pass."""
    with House(tmp_path / "house", mosquitto) as house:
        house.write_handler("one", "done(event)\ndone(event)")
        house.start("hub", "one")
        house.wait_outcome(house.press(), "one")
        with pytest.raises(AssertionError, match=r"acted again on .* without being told"):
            settle_accounts(house)
