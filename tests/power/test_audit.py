"""The audit after a power cut notices each breach of the promise."""

from typing import Any

from tests.power import audit
from tests.power.remains import Remains
from tests.system.faults.ledger import Books


def _event(
    name: str, kind: str = "doorbell.pressed", sequence: int = 1, **data: str
) -> dict[str, Any]:
    return {
        "id": name,
        "type": kind,
        "source": "doorbell/hub/home",
        "subject": "front",
        "epoch": "e",
        "sequence": sequence,
        "data": data,
    }


def _remains(*events: dict[str, Any]) -> Remains:
    return Remains({"hub-home": Books(said=[(event, True) for event in events])})


BY_BUTTON = _event("a", via="button")
BY_COMMAND = _event("b", via="command", sequence=2)


def test_only_a_press_of_the_button_may_be_heard_and_not_synced():
    """It is listed; a press by command that is gone is lost."""
    assert audit.unsynced([BY_BUTTON, BY_COMMAND], _remains()) == ["a"]
    (fault,) = audit.lost([BY_BUTTON, BY_COMMAND], Remains(), _remains())
    assert "(b)" in fault


def test_what_was_on_the_disk_stays_there():
    """An event that an earlier cut left, and a later one took, is lost."""
    (fault,) = audit.lost([], _remains(BY_BUTTON), _remains())
    assert "was on the disk" in fault
    assert not list(audit.lost([], _remains(BY_BUTTON), _remains(BY_BUTTON)))


def test_a_number_is_given_once():
    """After a cut the number of a press that was not synced is not given to another."""
    again = _event("c", via="button")
    assert list(audit.renumbered([BY_BUTTON], [_remains(again)]))
    assert not list(audit.renumbered([BY_BUTTON, BY_BUTTON], [_remains(BY_BUTTON, BY_COMMAND)]))


def test_only_a_handler_that_repeats_acts_twice_and_is_told():
    """Anything else is doubled."""
    told = [("repeat", "a", False), ("repeat", "a", True), ("careful", "a", False)]
    assert not list(audit.doubled(told))
    assert list(audit.doubled([*told, ("careful", "a", True)]))
    assert list(audit.doubled([*told, ("repeat", "a", False)]))


def test_a_press_owes_each_handler_one_end():
    """An act without an end is not enough, nor an end without the act."""
    done = _event("d", "handler.done") | {"causationid": "a"}
    ended = Remains({"repeat": Books(said=[(done, True)])})
    acts = [("repeat", "a", False)]
    assert not list(audit.open_ends(ended, {"a"}, ["repeat"], acts))
    assert list(audit.open_ends(ended, {"a"}, ["repeat"], []))
    assert list(audit.open_ends(Remains({"repeat": Books()}), {"a"}, ["repeat"], acts))
