"""The state moves to a folder for each process, and back; a move that is cut off is finished."""

import errno
import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

import pytest

from config import Settings
from hub.admin.install.machine import Machine
from hub.admin.install.moves import state_folders
from hub.process import state_place
from hub.store.inbox.inbox_file import InboxFile
from hub.store.own_folders import MARK, files_in
from tests.forked import PATIENCE_S
from tests.hub.fakes import python

SHARED = (
    "answers.key",
    "bark.db",
    "bark.wav",
    "homeassistant.json",
    "hub-home.db",
    "hub-home.db-wal",
    "hub-home.lock",
    "light.db",
    "light.db-shm",
    "light.db-wal",
    "media/clip.mp4",
    "my-own.db",
    "my-own/notes",
    "notes.txt",
    "press-links.json",
    "producer-shop.db",
    "producer-shop.db-wal",
    "record.db",
    "record.private",
)
APART = {
    "handlers/bark": ("bark.db", "bark.wav"),
    "handlers/light": ("light.db", "light.db-shm", "light.db-wal"),
    "handlers/my-own": ("my-own.db", "my-own/notes"),
    "handlers/shop": ("producer-shop.db", "producer-shop.db-wal"),
    "handlers/record": ("record.db", "record.private"),
    "hub": ("homeassistant.json", "hub-home.db", "hub-home.db-wal", "hub-home.lock"),
    "web": ("press-links.json",),
    ".": ("answers.key", "media/clip.mp4", "notes.txt"),
}
WHERE = {
    name: f"{part}/{name}".removeprefix("./") for part, names in APART.items() for name in names
}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """An installed one, with all state in one folder."""
    machine = Machine(tmp_path, lambda *_: "")
    _fill(machine.state, SHARED)
    return machine


def _fill(house: Path, names: tuple[str, ...], content: str = "") -> None:
    for name in names:
        (house / name).parent.mkdir(parents=True, exist_ok=True)
        (house / name).write_text(f"{content}{name} and at least as long as a key has to be")


def _files(house: Path) -> set[str]:
    found = {str(path.relative_to(house)) for path in house.rglob("*") if path.is_file()}
    return found - {MARK}


def _link_as_systemd_does(machine: Machine) -> None:
    """A unit with DynamicUser= has its folder in /var/lib/private (systemd.exec(5))."""
    for part in APART:
        folder = machine.state / part
        if part not in (".", state_folders.RECORD) and not folder.is_symlink():
            real = machine.at("var/lib/private/doorbell") / part
            real.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(real)
            folder.symlink_to(os.path.relpath(real, folder.parent))


def _content(house: Path) -> dict[str, str]:
    return {name: (house / place).read_text() for name, place in WHERE.items()}


def test_each_process_gets_what_it_wrote(machine: Machine):
    """What is nobody's stays, is closed, and is told."""
    before = {name: (machine.state / name).read_text() for name in SHARED}
    told = list(state_folders.spread(machine))
    assert _files(machine.state) == set(WHERE.values())
    assert _content(machine.state) == before
    assert len(told) == 1
    assert "notes.txt" in told[0]
    assert (machine.state / "notes.txt").stat().st_mode & 0o077 == 0
    assert [path.name for path in files_in(machine.state)] == [
        "bark.db", "hub-home.db", "light.db", "my-own.db", "producer-shop.db", "record.db",
    ]  # fmt: skip


@pytest.fixture
def cuts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The power is cut after so many moves as the list's first number says."""
    left = [10**6]
    move = state_folders._move

    def cut(source: Path, target: Path) -> None:
        if not left[0]:
            raise OSError("cut")
        left[0] -= 1
        move(source, target)

    monkeypatch.setattr(state_folders, "_move", cut)
    return left


@pytest.mark.parametrize("after", range(18))
@pytest.mark.parametrize("way", ["apart", "back"])
def test_wherever_it_is_cut_off_no_process_starts_without_its_state(
    machine: Machine, cuts: list[int], after: int, way: str, monkeypatch: pytest.MonkeyPatch
):
    """Until its file is in place a process refuses; the next time finishes the move."""
    if way == "back":
        list(state_folders.spread(machine))
        _link_as_systemd_does(machine)
    cuts[0] = after
    try:
        if way == "apart":
            list(state_folders.spread(machine))
        else:
            state_folders.gather(machine)
    except OSError:
        pass
    for part, name in (
        ("hub", "hub-home.db"),
        ("handlers/light", "light.db"),
        ("handlers/shop", "producer-shop.db"),
    ):
        own = machine.state / part
        wal = f"{name}-wal"
        if (own / name).exists():
            assert (own / wal).exists() or (machine.state / name).exists()
        monkeypatch.setenv("DOORBELL_OWN_FOLDER", part)
        fault = state_place.fault(Settings(state_dir=own))
        assert bool(fault) == (machine.state / name).exists()
    cuts[0] = 10**6
    if way == "apart":
        list(state_folders.spread(machine))
        assert _files(machine.state) == set(WHERE.values())
    else:
        state_folders.gather(machine)
        assert _files(machine.state) == set(SHARED)
        assert not machine.at("var/lib/private/doorbell/hub").exists()


LEAVE_A_LOG = """
import os, sys
from pathlib import Path
from hub.store.state import State
state = State(Path(sys.argv[1]))
with state.write() as db:
    db.execute("INSERT INTO memory VALUES ('key', 'value')")
state.sync()
os._exit(9)
"""


@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("way", ["apart", "back"])
def test_a_look_at_a_file_whose_move_was_cut_off_costs_nothing(
    tmp_path: Path, cuts: list[int], after: int, way: str
):
    """Its process was killed, and the last commits were in the log only."""
    machine = Machine(tmp_path, lambda *_: "")
    house = machine.state
    own = house / "handlers/light/light.db"
    left = own if way == "back" else house / "light.db"
    house.mkdir(parents=True)
    if way == "back":
        list(state_folders.spread(machine))
    with python(LEAVE_A_LOG, left) as process:
        process.communicate(timeout=PATIENCE_S)
    assert left.with_name("light.db-wal").stat().st_size
    cuts[0] = after
    with suppress(OSError):
        _move_all(machine, way)
    for path in (own, house / "light.db"):
        if path.exists():
            assert InboxFile(path).dead() == []
    cuts[0] = 10**6
    _move_all(machine, way)
    target = house / "light.db" if way == "back" else own
    with closing(sqlite3.connect(target)) as db:
        assert db.execute("SELECT * FROM memory").fetchall() == [("key", "value")]
    assert not list(house.rglob("before-update*"))


def _move_all(machine: Machine, way: str) -> None:
    if way == "apart":
        list(state_folders.spread(machine))
    else:
        state_folders.gather(machine)


def test_no_link_leads_root_into_a_file_of_others(machine: Machine, tmp_path: Path):
    """SQLite would cut off what a link in place of the log leads to."""
    target = tmp_path / "elsewhere"
    target.write_text("of others")
    log = machine.state / "light.db-wal"
    log.unlink()
    log.symlink_to(target)
    list(state_folders.spread(machine))
    assert target.read_text() == "of others"
    assert (machine.state / "handlers/light/light.db-wal").is_symlink()


def test_it_goes_back_and_comes_again(machine: Machine):
    """As often as one likes; what only the new way knows keeps its place."""
    before = {name: (machine.state / name).read_text() for name in SHARED}
    for _ in range(2):
        list(state_folders.spread(machine))
        _link_as_systemd_does(machine)
        assert not state_folders._moves(machine.state)
        assert _content(machine.state) == before
        (machine.state / "handlers/bark/mine").write_text("a file of its own")
        state_folders.give_back(machine)
        assert _files(machine.state) == {*SHARED, "handlers/bark/mine"}


def test_an_earlier_version_that_ran_meanwhile_takes_nothing_away(machine: Machine):
    """What it wrote is in force, and what was there is kept beside it."""
    list(state_folders.spread(machine))
    _link_as_systemd_does(machine)
    _fill(machine.state, ("light.db",), "younger ")
    list(state_folders.spread(machine))
    own = machine.state / "handlers/light"
    assert (own / "light.db").read_text().startswith("younger ")
    assert not (own / "light.db-wal").exists()
    kept = own / "before-update-1"
    assert {path.name for path in kept.iterdir()} == {"light.db", "light.db-shm", "light.db-wal"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_link_that_a_handler_left_leads_root_nowhere(machine: Machine, tmp_path: Path):
    """A folder that another user put where root's own is expected is set aside."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link = machine.state / "handlers"
    link.symlink_to(elsewhere)
    os.chown(link, 65534, 65534, follow_symlinks=False)
    list(state_folders.spread(machine))
    assert not list(elsewhere.iterdir())
    assert (machine.state / WHERE["light.db"]).is_file()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_link_in_place_of_the_key_leads_root_nowhere(machine: Machine, tmp_path: Path):
    """Root closes the key: it must not close what a link in its place leads to."""
    target = tmp_path / "program"
    target.write_text("x" * 64)
    target.chmod(0o4755)
    key = machine.state / "answers.key"
    key.unlink()
    key.symlink_to(target)
    os.chown(key, 65534, 65534, follow_symlinks=False)
    list(state_folders.spread(machine))
    assert not key.is_symlink()
    assert key.read_text() != target.read_text()
    assert stat.S_IMODE(target.stat().st_mode) == 0o4755


@pytest.mark.parametrize("name", ["answers", "media", "hub", "web", "handlers"])
def test_no_handler_has_a_file_under_the_name_of_one_of_the_house(machine: Machine, name: str):
    """A handler with such a name would put its own in the place of the key or of the clips."""
    list(state_folders.spread(machine))
    own = machine.state / "handlers" / name
    _fill(own, (f"{name}.db",))
    reserved = "answers.key" if name == "answers" else name
    (own / reserved).symlink_to("elsewhere")
    before = _content(machine.state)
    _link_as_systemd_does(machine)
    state_folders.gather(machine)
    assert _files(machine.state) >= {*SHARED, f"{name}.db"}
    assert (own / reserved).is_symlink()
    list(state_folders.spread(machine))
    assert _content(machine.state) == before


@pytest.mark.parametrize("name", ["voicemail", "led-strip", "gpio-gate", "heard"])
def test_a_handler_keeps_its_state_whatever_its_name_begins_with(machine: Machine, name: str):
    """`speak` has files that begin with `voice`, and the hub some that begin with `led-`."""
    _fill(machine.state, (f"{name}.db",))
    list(state_folders.spread(machine))
    assert (machine.state / "handlers" / name / f"{name}.db").is_file()


def test_what_comes_to_another_disk_is_a_plain_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A FIFO is left, and a program of a handler's does not run as root, who copied it."""
    folder = tmp_path / "from"
    _fill(folder, ("inner/program",))
    (folder / "inner" / "program").chmod(0o4755)
    os.mkfifo(folder / "inner" / "pipe")

    def rename(_: Path, __: Path) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(Path, "rename", rename)
    state_folders._move(folder, tmp_path / "to")
    assert _files(tmp_path / "to") == {"inner/program"}
    assert stat.S_IMODE((tmp_path / "to/inner/program").stat().st_mode) == 0o755
    assert not folder.exists()
