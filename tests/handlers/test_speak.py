"""`speak`: what the visitor hears, and when nothing is said."""

import subprocess

import pytest

from devices.speaker import Announcer
from hub.plugin.loader import SHIPPED_NAMES
from hub.testing import event, run
from tests.house import House, until


class _Voice:
    """Turns a text into itself."""

    def __init__(self):
        self.spoken = []

    def speak(self, text):
        self.spoken.append(text)
        return text


class _Speaker:
    """Records what it is asked to play."""

    def __init__(self):
        self.played = []

    def play(self, sound, volume):
        self.played.append((sound, volume))
        return 1.0

    def check(self, sound):
        return f"the card could play {sound!r}"


@pytest.fixture
def door(shipped):
    """Makes a `speak` with these settings react; returns its words and what was heard."""

    def hears(what, table=None, **more):
        file = shipped("speak", table)
        reaction = file.reactions[what.type]
        voice = Announcer(_Voice(), _Speaker())
        with run(what, **more) as doing:
            return reaction.function(doing.event, file.config, voice), [
                sound for sound, _ in voice.speaker.played
            ]

    return hears


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        ("coming", ["Somebody is coming."]),
        ("leave_it", ["Please leave it at the door. Thank you."]),
        ("I am in the garden", ["I am in the garden"]),
        ("Hello!", ["Hello!"]),
        ("snooze", []),
        ("opened", []),
    ],
)
def test_an_answer_is_heard_at_the_door(door, answer, heard):
    """The visitor hears the text for this answer, or the words that a person typed."""
    said, played = door(event("visitor.answered", answer=answer))
    assert played == heard
    assert said == (f"said: {heard[0]}" if heard else "nothing to say")


def test_a_late_answer_is_not_said_to_the_next_visitor(door):
    """The next visitor would take it for theirs."""
    assert door(event("visitor.answered", answer="leave_it", late=True)) == (
        "this visitor has left",
        [],
    )


def test_the_visitor_hears_that_nobody_answers(door):
    """It is not said if the text is empty, or after an outage: then no visitor is there."""
    assert door(event("visit.missed"))[1] == ["Sorry, nobody answers."]
    assert door(event("visit.missed"), {"missed": ""})[1] == []
    assert door(event("visit.missed", late=True))[1] == []


def test_the_visitor_hears_that_a_phone_was_notified(door):
    """It is said if there is a text for it."""
    assert door(event("notification.sent"))[1] == []
    assert door(event("notification.sent"), {"told": "Please wait."})[1] == ["Please wait."]


def test_in_quiet_hours_nothing_is_said(door):
    """It is silent unless `even_when_quiet` is set."""
    answer = event("visitor.answered", answer="coming")
    assert door(answer, quiet="quiet hours until 07:00") == ("silent: quiet hours until 07:00", [])
    assert door(answer, {"even_when_quiet": True}, quiet="quiet hours")[1] == [
        "Somebody is coming."
    ]


def test_a_drill_speaks_into_a_file_only(door):
    """The voice and the card are tried in silence."""
    said, played = door(event("doorbell.drilled"))
    assert said == "espeak-ng speaks; the card could play 'Sorry, nobody answers.'"
    assert played == []


def test_of_our_handlers_this_one_says_what_a_person_writes(shipped):
    """The others that react to an answer do not speak."""
    assert {name for name in SHIPPED_NAMES if shipped(name).config.speaks} == {"speak"}


def test_an_answer_is_heard_in_a_real_house(house: House, needed):
    """With real processes and a real voice the sound is as long as the spoken text."""
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
