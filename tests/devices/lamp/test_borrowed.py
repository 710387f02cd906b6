"""A lamp that is lit for a while: what is remembered of it, and when it is put back."""

import pytest

from devices.lamp import OFF, BorrowedLamp, LampState, SimulatedLight, forget_lamp, in_words

BRIGHT = LampState(on=True, brightness=100)
DIM = LampState(on=True, brightness=10)


@pytest.fixture
def lamp(tmp_path):
    """A simulated lamp, dimmed."""
    made = SimulatedLight(tmp_path / "lamp")
    made.put(DIM)
    return made


def _lend(lamp, memory, scene=BRIGHT, **more):
    borrowed = BorrowedLamp("porch", lamp, memory)
    is_to_be_lit = borrowed.prepare(scene, is_repeat=more.get("is_repeat", False))
    if is_to_be_lit:
        borrowed.light()
        borrowed.look()
    return borrowed, is_to_be_lit


def test_the_lamp_is_not_touched_before_it_is_lit(lamp):
    """Preparing only remembers, so that the memory can be committed first."""
    memory = {}
    assert BorrowedLamp("porch", lamp, memory).prepare(BRIGHT, is_repeat=False)
    assert (lamp.read(), list(memory)) == (DIM, ["lit porch"])


def test_another_process_gives_it_back(lamp):
    """All that is needed stands in the memory, which holds nothing of it afterwards."""
    memory = {}
    _lend(lamp, memory)
    assert lamp.read() == BRIGHT
    assert BorrowedLamp("porch", lamp, memory).give_back(is_last_try=False) == "back to on"
    assert (lamp.read(), memory) == (DIM, {})


def test_a_lamp_that_shines_so_already_is_not_lit_again(lamp):
    """And how it was at first still counts; a repeated attempt lights it in any case."""
    memory = {}
    _lend(lamp, memory)
    borrowed, is_to_be_lit = _lend(lamp, memory)
    assert (is_to_be_lit, borrowed.before) == (False, DIM)
    borrowed, is_to_be_lit = _lend(lamp, memory, is_repeat=True)
    assert (is_to_be_lit, borrowed.before) == (True, DIM)


def test_a_person_who_switched_it_off_wins(lamp):
    """It is left off, and forgotten."""
    memory = {}
    borrowed, _ = _lend(lamp, memory)
    lamp.put(OFF)
    assert borrowed.is_lit
    assert borrowed.give_back(is_last_try=False) == "somebody has changed it: left off"
    assert (lamp.read(), borrowed.is_lit) == (OFF, False)


def test_what_was_never_lit_is_left_alone(lamp):
    """Also a lamp that was forgotten, because the settings no longer have it."""
    memory = {}
    _lend(lamp, memory)
    forget_lamp("porch", memory)
    borrowed = BorrowedLamp("porch", lamp, memory)
    assert borrowed.give_back(is_last_try=False) == "it was never switched"
    assert lamp.read() == BRIGHT


@pytest.mark.parametrize(
    ("state", "words"),
    [(BRIGHT, "on"), (OFF, "off"), (None, "in an unknown state: it reported none")],
)
def test_a_state_in_words(state, words):
    """For the note beside an outcome."""
    assert in_words(state) == words


class _Followed:
    """A lamp whose state is known, or is not and has to be asked for."""

    def __init__(self, known, told=BRIGHT):
        self._known, self._told, self.questions = known, told, 0

    def known(self):
        return self._known

    def read(self, _patience_s=0.0):
        self.questions += 1
        return self._told


@pytest.mark.parametrize(("known", "before", "questions"), [(DIM, DIM, 0), (None, BRIGHT, 1)])
def test_a_lamp_is_asked_only_if_its_state_is_not_known(known, before, questions):
    """The press does not wait for the answer of a lamp that has reported its state."""
    lamp = _Followed(known)
    borrowed = BorrowedLamp("porch", lamp, {})
    borrowed.prepare(BRIGHT, is_repeat=False)
    assert (borrowed.before, lamp.questions) == (before, questions)


@pytest.mark.parametrize(
    ("told", "is_to_be_lit", "before"), [(BRIGHT, False, DIM), (OFF, True, OFF), (None, True, DIM)]
)
def test_a_lamp_that_seems_to_shine_is_asked(told, is_to_be_lit, before):
    """Its power may have been cut since it reported that; then it must be lit again."""
    memory = {}
    BorrowedLamp("porch", _Followed(DIM), memory).prepare(BRIGHT, is_repeat=False)
    lamp = _Followed(BRIGHT, told)
    borrowed = BorrowedLamp("porch", lamp, memory)
    assert borrowed.prepare(BRIGHT, is_repeat=False) is is_to_be_lit
    assert (borrowed.before, lamp.questions) == (before, 1)


def test_after_a_crash_a_lamp_that_is_not_remembered_was_off(lamp):
    """A power cut may have taken the memory of the attempt that lit it; otherwise that counts."""
    memory = {}
    borrowed = BorrowedLamp("porch", lamp, memory)
    assert borrowed.prepare(BRIGHT, is_repeat=False, is_redelivered=True)
    assert borrowed.before == OFF
    forget_lamp("porch", memory)
    _lend(lamp, memory)
    assert borrowed.prepare(BRIGHT, is_repeat=False, is_redelivered=True)
    assert borrowed.before == DIM
