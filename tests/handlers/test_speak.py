"""`speak`: what the visitor is told, and when nothing is said."""

import subprocess

import pytest

from hub.testing import event, run
from tests.house import House, until


class _Voice:
    """Has said everything already."""

    def __init__(self):
        self.spoken = []

    def speak(self, text):
        self.spoken.append(text)
        return text


class _Speaker:
    """Plays to nobody."""

    def __init__(self):
        self.played = []

    def play(self, sound, volume):
        self.played.append((sound, volume))
        return 1.0

    def check(self, sound):
        return f"the card could play {sound!r}"


@pytest.fixture
def door(shipped):
    """Makes a `speak` with these settings react; gives its words and what was heard."""

    def hears(what, table=None, **more):
        file = shipped("speak", table)
        reaction = file.reactions[what.type]
        mouth = reaction.function.__globals__["Mouth"](_Voice(), _Speaker())
        with run(what, **more) as doing:
            return reaction.function(doing.event, file.config, mouth), [
                sound for sound, _ in mouth.speaker.played
            ]

    return hears


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ("coming", ["Somebody is coming."]),
        ("leave_it", ["Please leave it at the door. Thank you."]),
        ("I am in the garden", ["I am in the garden"]),
        ("snooze", []),
        ("opened", []),
    ],
)
def test_an_answer_is_heard_at_the_door(door, answer, heard):
    """The text that is set for it, or the words that somebody typed; what is no word for the visitor is not said."""
    said, played = door(event("visitor.answered", answer=answer))
    assert played == heard
    assert said == (f"said: {heard[0]}" if heard else "nothing to say")


def test_an_answer_to_who_has_gone_is_not_said_to_the_next_one(door):
    """Whoever stands there now would take it for theirs."""
    assert door(event("visitor.answered", answer="leave_it", late=True)) == (
        "who was meant has left",
        [],
    )


def test_the_visitor_hears_that_nobody_answers(door):
    """Unless it is set to nothing, or is told after an outage: then nobody stands there."""
    assert door(event("visit.missed"))[1] == ["Sorry, nobody answers."]
    assert door(event("visit.missed"), {"missed": ""})[1] == []
    assert door(event("visit.missed", late=True))[1] == []


def test_the_visitor_hears_that_somebody_was_told(door):
    """If it is set to something."""
    assert door(event("notification.sent"))[1] == []
    assert door(event("notification.sent"), {"told": "Please wait."})[1] == ["Please wait."]


def test_in_quiet_hours_nothing_is_said(door):
    """Unless it may."""
    answer = event("visitor.answered", answer="coming")
    assert door(answer, quiet="quiet hours until 07:00") == ("silent: quiet hours until 07:00", [])
    assert door(answer, {"even_when_quiet": True}, quiet="quiet hours")[1] == [
        "Somebody is coming."
    ]


def test_a_drill_speaks_into_a_file_only(door):
    """The voice and the card are tried; nobody hears anything."""
    said, played = door(event("doorbell.drilled"))
    assert said == "espeak-ng speaks; the card could play 'Sorry, nobody answers.'"
    assert played == []


def test_an_answer_is_heard_in_a_real_house(house: House, needed):
    """Real processes, a real voice: what the card would have been given is as long as the spoken text."""
    needed("espeak-ng")
    needed("sox")
    house.settings = """
        [triggers.door]
        topic = "test/door"
        door = "front"
        say = "visitor.answered"
        answer = "leave_it"
        [handlers.speak]
        enabled = true
        speaker = "simulated"
    """
    house.start("hub", "speak")
    house.ears.publish("test/door", "x")
    answered = until(lambda: house.ears.events("visitor.answered"), lambda: house.log("hub"))[0]
    house.wait_outcome(answered["id"], "speak")
    (heard,) = (house.state_dir / "heard").glob("*.wav")
    length = subprocess.run(["sox", "--i", "-D", heard], capture_output=True, text=True, check=True)
    assert 1 < float(length.stdout) < 6
