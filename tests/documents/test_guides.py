"""The guides are true: wiring, shopping and troubleshooting."""

import re
import tomllib
import xml.etree.ElementTree as ET

import pytest

from config import Settings
from tests.house import ROOT

DOCS = ROOT / "docs"
WIRING = (DOCS / "wiring.md").read_text(encoding="utf-8")
TROUBLES = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
DRAWINGS = sorted((DOCS / "wiring").glob("*.svg"))


def _table(text: str, heading: str) -> list[str]:
    """The first column of the table below a heading."""
    rows = re.findall(
        r"^\| (.*?) \|",
        text.split(f"## {heading}\n", 1)[1].split("\n## ", maxsplit=1)[0],
        re.MULTILINE,
    )
    return rows[1:]


def test_the_settings_beside_the_drawings_can_be_set():
    """Each block as it stands."""
    for block in re.findall(r"^```toml\n(.*?)^```", WIRING, re.DOTALL | re.MULTILINE):
        Settings.model_validate(tomllib.loads(block))


@pytest.mark.parametrize("path", DRAWINGS, ids=lambda path: path.stem)
def test_a_drawing_is_shown_and_can_be_read_aloud(path):
    """It is well-formed, titled, described and self-contained, and the guide shows it."""
    root = ET.parse(path).getroot()  # noqa: S314 - our own file
    assert [root.find(f"{{http://www.w3.org/2000/svg}}{name}").text for name in ("title", "desc")]
    assert "href" not in path.read_text(encoding="utf-8")
    assert f"(wiring/{path.name})" in WIRING


def test_the_drawings_and_the_settings_name_the_same_lines():
    """What is drawn at GPIO 17, 27 and 23 is set there; each line has its place on the header."""
    places = {"17": "11", "27": "13", "23": "16"}
    drawn = {
        pair
        for path in DRAWINGS
        for pair in re.findall(r"GPIO (\d+) \(pin (\d+)\)", path.read_text("utf-8"))
    }
    assert drawn == {*places.items()}
    assert {*re.findall(r"^(?:pin|relay) = (\d+)", WIRING, re.MULTILINE)} == {*places}


@pytest.mark.parametrize("name", ["bell", "opto"])
def test_each_part_of_a_drawing_is_to_be_bought(name: str):
    """Every value in the drawings with an opto-isolator stands in the list."""
    drawing = (DOCS / "wiring" / f"{name}.svg").read_text(encoding="utf-8")
    row = {"bell": "| the bell that is there |", "opto": "| far away |"}[name]
    (bought,) = [
        line
        for line in (DOCS / "shopping.md").read_text(encoding="utf-8").splitlines()
        if row in line
    ]
    for part in re.findall(r">([\d.]+ (?:[kΩ]+|[nµ]F)|PC817|1N4148)<", drawing):
        assert part in bought, part


def test_what_it_is_said_to_say_it_says():
    """Each quoted message stands in the source."""
    source = "\n".join(
        path.read_text("utf-8")
        for room in ("hub", "devices", "config")
        for path in (ROOT / room).rglob("*.py")
    )
    for quoted in _table(TROUBLES, "What it says"):
        if quoted not in ("it says", "-"):
            assert quoted.strip("`") in source, quoted


@pytest.mark.parametrize("guide", ["troubleshooting", "wiring", "settings", "doctor"])
def test_every_command_named_is_one(guide: str):
    """What a guide tells to type is in the list of commands."""
    commands = (DOCS / "commands.md").read_text(encoding="utf-8")
    text = (DOCS / f"{guide}.md").read_text(encoding="utf-8")
    named = set(re.findall(r"(?:`|^    )doorbell (\w+)", text, re.MULTILINE))
    assert named
    for command in named:
        assert f"`doorbell {command}" in commands, command


def test_the_picture_in_the_readme_loads_nothing():
    """It is the output of `doorbell trace last --svg`, and fetches no font from elsewhere."""
    text = (DOCS / "press.svg").read_text(encoding="utf-8")
    ET.fromstring(text)  # noqa: S314 - our own file
    assert "url(" not in text.replace("url(#", "")
    assert "@font-face" not in text
