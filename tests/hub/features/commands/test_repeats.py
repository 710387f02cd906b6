"""A command without an id: what is one press, and what is two."""

import pytest

from hub.features.commands.repeats import KEPT, Repeats
from hub.mqtt.house_messages import ReceivedCommand
from hub.wire.command import Answer, Command, Press

WORD = Press("")


def _received(
    command: Command = WORD, *, sender: str = "1", door: str = "front", dup: bool = False
) -> ReceivedCommand:
    return ReceivedCommand(
        command, f"doorbell/cli/{sender}", ("home", door), lambda: None, is_duplicate=dup
    )


class At:
    """A clock that the test sets."""

    s = 100.0

    def __call__(self) -> float:
        return self.s


@pytest.mark.parametrize(
    ("after_s", "dup", "is_repeat"),
    [
        (0.9, False, True),
        (1.1, False, False),
        (59.0, True, True),
        (61.0, True, False),
    ],
)
def test_a_repeat_is_told_by_its_time(after_s, dup, is_repeat):
    """Within a second it is a burst; within a minute it needs the mark of a repeat."""
    at = At()
    repeats = Repeats(seconds=at)
    assert not repeats.has(_received())
    at.s += after_s
    assert repeats.has(_received(dup=dup)) == is_repeat


def test_a_mark_without_a_first_message_is_a_press():
    """The sender's first message never reached the broker, and the broker passes the mark on."""
    assert not Repeats().has(_received(dup=True))


def test_a_long_burst_is_a_press_a_second():
    """The second counts from the press, or a button that is stuck would hold back a visitor."""
    at = At()
    repeats = Repeats(seconds=at)
    presses = 0
    for _ in range(40):
        presses += not repeats.has(_received())
        at.s += 0.1
    assert presses == 4


def test_another_door_sender_or_answer_is_no_repeat():
    """Only the same command from the same sender is one."""
    repeats = Repeats()
    others = [
        _received(),
        _received(door="back"),
        _received(sender="2"),
        _received(Answer("", "coming")),
        _received(Answer("", "leave_it")),
    ]
    assert [repeats.has(other) for other in others] == [False] * 5


def test_a_thousand_senders_cost_bounded_memory():
    """Of too many the oldest are forgotten."""
    repeats = Repeats()
    for number in range(KEPT + 1):
        repeats.has(_received(sender=str(number)))
    assert not repeats.has(_received(sender="0"))
    assert repeats.has(_received(sender=str(KEPT)))
