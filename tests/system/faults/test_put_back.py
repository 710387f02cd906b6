"""State files that a person puts back by hand: `tar`, `rm` and `mv`, in one boot."""

import subprocess
from pathlib import Path

import pytest

from tests.house import House

HANDLERS = ("one", "careful")
EVERYBODY = ("hub", *HANDLERS)


def _press(house: House, count: int) -> list[str]:
    presses = [house.press() for _ in range(count)]
    for press in presses:
        for name in HANDLERS:
            house.wait_outcome(press, name)
    return presses


def _stop(house: House) -> None:
    for name in EVERYBODY:
        house.kill(name)


def _archive(house: House) -> Path:
    return house.folder / "old.tar"


def _pack(house: House) -> None:
    files = [path.name for path in house.state_dir.glob("*.db*")]
    subprocess.run(["tar", "-C", house.state_dir, "-cf", _archive(house), *files], check=True)


def _unpack(house: House, name: str) -> None:
    """Over what is there, if it is there."""
    which = ("--wildcards", f"{name}.db*")
    subprocess.run(["tar", "-C", house.state_dir, "-xf", _archive(house), *which], check=True)


def _remove(house: House, name: str) -> None:
    for path in house.state_dir.glob(f"{name}.db*"):
        path.unlink()


@pytest.fixture
def later(house: House) -> list[str]:
    """Presses that are newer than the archive of all state files; nothing runs."""
    house.write_handler("one", "done(event)")
    house.write_handler("careful", "done(event)", '"doorbell.pressed", on_redelivery="skip"')
    house.start(*EVERYBODY)
    _press(house, 2)
    _stop(house)
    _pack(house)
    house.start(*EVERYBODY)
    later = _press(house, 3)
    _stop(house)
    return later


def test_a_press_of_a_hub_that_was_put_back_is_acted_on_once(house: House, later: list[str]):
    """The handlers have had more of its numbers, and are away when it comes."""
    _remove(house, "hub-home")
    _unpack(house, "hub-home")
    house.start("hub")
    press = house.press()
    house.start(*HANDLERS)
    for name in HANDLERS:
        house.wait_outcome(press, name)
        assert [act for act in house.acts(name) if act[0] == press] == [(press, False)]
        assert [house.effects(name).count(one) for one in later] == [1, 1, 1]


def _move_away_and_back(house: House, name: str) -> None:
    """The handler runs on a new file meanwhile."""
    _remove(house, name)
    _unpack(house, name)
    aside = house.folder / "aside"
    aside.mkdir()
    for path in house.state_dir.glob(f"{name}.db*"):
        path.rename(aside / path.name)
    house.start("hub", name)
    house.wait_outcome(house.press(), name)
    house.kill(name)
    house.kill("hub")
    _remove(house, name)
    for path in aside.iterdir():
        path.rename(house.state_dir / path.name)


@pytest.mark.parametrize("put_back", [_unpack, _move_away_and_back])
def test_a_handler_whose_file_was_put_back_is_told(house: House, later: list[str], put_back):
    """It may have acted already on what it does not know: `skip` never acts twice."""
    put_back(house, "careful")
    acts = house.acts("careful")
    house.start(*EVERYBODY)
    (new,) = _press(house, 1)
    for press in later:
        house.wait_outcome(press, "careful", "handler.skipped")
    assert house.acts("careful") == [*acts, (new, False)]
