"""The button's step of `doorbell setup`, with simulated pins, and with a hub that has the line."""

import os
import re
from pathlib import Path

import pytest

from hub.admin.setup.questions.pins import TAKEN, understand_pin
from tests.house import ROOT, House
from tests.hub.admin.setup.person import Person

GPIO = 'button = { driver = "gpio", pin = 17 }\n'


class _Pins:
    """A board at which a test presses."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "pins"
        os.mkfifo(self._path)
        self.environment = {"SETUP_PINS": str(self._path), "GPIOZERO_PIN_FACTORY": "mock"}

    def hold(self, *seconds: float) -> None:
        """One after the other on GPIO 17; who drives the pins reads this when they are there."""
        with self._path.open("w", encoding="ascii") as commands:
            commands.writelines(f"press 17 {one}\n" for one in seconds)


@pytest.fixture
def pins(tmp_path: Path) -> _Pins:
    """A board."""
    return _Pins(tmp_path)


def _chooses_17(person: Person) -> None:
    person.answers(
        ("call it?", ""), ("longitude", ""), ("gpio or simulated", "gpio"), ("Pin", "17")
    )
    person.sees("Press it now, 3 times, short and long. Enter ends the test.")


def test_three_presses_are_shown_as_they_come(tmp_path: Path, pins: _Pins):
    """Each press is shown, then glitches and advice; after the last press it goes on by itself."""
    with Person(tmp_path, "setup", "--config", "doorbell.toml", **pins.environment) as person:
        _chooses_17(person)
        pins.hold(0.3, 0, 0.12, 0.2)
        shown = person.sees(
            "press 1, held for ", "press 2, held for ", "press 3, held for ", "4 of 10"
        )
        held = [float(one) for one in re.findall(r"held for (\d\.\d\d) s", shown)]
        assert [low <= one < low + 1 for one, low in zip(held, (0.3, 0.12, 0.2), strict=True)] == [
            True
        ] * 3
        # with the first press, too, where that is shown late
        assert shown.count("glitches kept out so far: 1") in (2, 3)
        assert "Glitches kept out: 1, the longest of " in shown
        assert "→ for fewer glitches: a stronger pull-up" in shown


def test_no_press_is_told_with_where_the_button_belongs(tmp_path: Path, pins: _Pins):
    """The user may try again."""
    with Person(tmp_path, "setup", "--config", "doorbell.toml", **pins.environment) as person:
        _chooses_17(person)
        person.types()
        person.sees("No press was seen. The button belongs between GPIO 17 and ground")
        person.answers(("Try again? [n", "y"))
        person.sees("Enter ends the test.")
        pins.hold(0.1)
        person.sees("press 1, held for")
        person.types()
        person.sees("4 of 10")


def test_a_clean_line_gets_no_advice(tmp_path: Path, pins: _Pins):
    """Nothing needs mending."""
    with Person(tmp_path, "setup", "--config", "doorbell.toml", **pins.environment) as person:
        _chooses_17(person)
        pins.hold(0.1, 0.1, 0.1)
        shown = person.sees("press 3", "4 of 10")
        assert "→" not in shown
        assert "glitch" not in shown


def test_a_line_that_somebody_else_has_is_told_and_it_goes_on(tmp_path: Path, pins: _Pins):
    """The text names what to stop; a hub is not asked for another pin."""
    environment = pins.environment | {"SETUP_HELD": "17"}
    with Person(tmp_path, "setup", "--config", "doorbell.toml", **environment) as person:
        person.answers(
            ("call it?", ""), ("longitude", ""), ("gpio or simulated", "gpio"), ("Pin", "17")
        )
        shown = person.sees("4 of 10")
    assert "GPIO 17 cannot be used" in shown
    assert "sudo systemctl stop doorbell-hub" in shown.replace("\n  ", " ")


def test_where_the_hub_has_the_line_its_presses_are_shown(tmp_path: Path, pins: _Pins, mosquitto):
    """Presses of this door only, each once, from the broker."""
    with House(tmp_path / "house", mosquitto) as house:
        house.settings = "[doors.back]\n"
        config = house.config
        house.start("hub")
        text = config.read_text(encoding="utf-8").replace(
            'name = "Front door"\n', f'name = "Front door"\n{GPIO}'
        )
        setup = tmp_path / "setup.toml"
        setup.write_text(text, encoding="utf-8")
        environment = pins.environment | {"SETUP_HELD": "17"}
        with Person(tmp_path, "setup", "--config", str(setup), **environment) as person:
            person.answers(
                ("Which door?", "front"),
                ("call it?", ""),
                ("longitude", ""),
                ("gpio or simulated", ""),
            )
            person.answers(("Pin [17", ""))
            person.sees("The running hub uses the line", "Enter ends the test.")
            house.press("back")
            house.press()
            person.sees("press 1 at ")
            person.types()
            assert "press 2" not in person.sees("4 of 10")


def test_lines_that_are_taken_are_those_of_the_guide():
    """docs/wiring.md and the program name the same."""
    text = (ROOT / "docs" / "wiring.md").read_text(encoding="utf-8")
    (free, taken) = re.findall(
        r"Free on most Pis: (.*?)\. Leave (.*?add-on boards)\)\.", text, re.DOTALL
    )[0]
    assert _numbers(re.sub(r"\(.*?\)|1\.8 kΩ", "", taken)) == {
        pin for pins in TAKEN for pin in pins
    }
    assert all(understand_pin(str(pin), {}) == pin for pin in _numbers(free))


def test_a_pin_that_is_taken_may_stay_if_it_is_set():
    """A present setting may stay, but a line has one use only."""
    assert understand_pin("GPIO 2", {}, before=2) == 2
    with pytest.raises(ValueError, match=r"used by \[chime\] relay"):
        understand_pin("23", {23: "[chime] relay"}, before=23)


def _numbers(text: str) -> set[int]:
    """`5, 6, 22 to 27` and `2 and 3`."""
    ranges = re.findall(r"(\d+)(?: to (\d+))?", text)
    return {pin for first, last in ranges for pin in range(int(first), int(last or first) + 1)}
