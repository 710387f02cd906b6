"""`doorbell doctor button`: on a simulated line, and on one that cannot be had."""

import json

from tests.system.commands.test_commands import doorbell


def test_a_simulated_button_shows_what_is_told(tmp_path):
    """A picture of both phases, what the filter kept out, and advice."""
    done = doorbell(tmp_path, "doctor", "button", "--seconds", "20")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [line[:8] for line in lines if "│" in line] == ["  rest │", " press │"]
    assert "0 presses; 5 glitches kept out, the longest of" in done.stdout
    assert "5 presses, the shortest held for" in done.stdout
    assert lines[-1].startswith("→ ")


def test_for_programs_it_is_json(tmp_path):
    """With every edge."""
    told = json.loads(
        doorbell(tmp_path, "doctor", "button", "front", "--seconds", "8", "--json").stdout
    )
    assert told["door"] == "front"
    assert (len(told["press"]["presses"]), told["press"]["glitches"], told["rest"]["presses"]) == (
        2,
        2,
        [],
    )
    assert len(told["press"]["edges"]) >= 8


def test_a_line_that_cannot_be_had_is_told(tmp_path):
    """With its number and what to do."""
    (tmp_path / "doorbell.toml").write_text(
        '[doors.front]\nbutton = { driver = "gpio", pin = 17 }\n'
    )
    done = doorbell(tmp_path, "doctor", "button", GPIOZERO_PIN_FACTORY="lgpio")
    assert (done.returncode, "✗ GPIO 17" in done.stderr) == (1, True), done.stderr
