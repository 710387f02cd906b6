"""`doorbell check`: one odd handler file is a fault of itself, and the others are looked at."""

import os
import threading
from pathlib import Path

import pytest

from config import Settings, SettingsError
from hub.admin.check.handler_files import Inspection
from hub.admin.check.house import Report, check
from hub.plugin import loader
from tests.forked import PATIENCE_S

GOOD = (
    'from hub import *\n@handler("gate.opened")\ndef f(event: Event, config: HandlerConfig): ...\n'
)
CONFIG = "class Config(HandlerConfig):\n    "
LISTS = "returns no list of texts. Return a list of texts, and [] where there is nothing to tell"


@pytest.fixture
def house(tmp_path: Path) -> Settings:
    """With one handler file that is fine."""
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "fine.py").write_text(GOOD)
    return Settings(handlers_dir=folder, state_dir=tmp_path / "state", doors={"front": {}})


def checked(house: Settings) -> Report:
    """What a check says; it ends in time, however odd a file is."""
    done: list[Report] = []
    path = house.handlers_dir.parent / "doorbell.toml"
    thread = threading.Thread(target=lambda: done.append(check(house, path)), daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert done, "it hangs, or has ended in a traceback"
    assert "fine: reacts to gate.opened" in done[0].good
    return done[0]


def odd(house: Settings, text: str) -> list[str]:
    """What is said of a handler file with this text."""
    (house.handlers_dir / "odd.py").write_text(text)
    return [fault for fault in checked(house).faults if fault.startswith("odd.py")]


def test_what_is_no_file_is_told_and_not_read(house: Settings):
    """A FIFO, a device, a folder, a link to nowhere and one to itself, and a huge file."""
    folder = house.handlers_dir
    os.mkfifo(folder / "pipe.py")
    (folder / "zero.py").symlink_to("/dev/zero")
    (folder / "folder.py").mkdir()
    (folder / "nowhere.py").symlink_to("gone")
    (folder / "loop.py").symlink_to("loop.py")
    with (folder / "huge.py").open("wb") as huge:
        huge.truncate(1 << 40)
    assert checked(house).faults == [
        "folder.py: cannot be a handler (not a regular file). Put a file there",
        "huge.py: cannot be a handler (larger than 1 MB)."
        " Make it smaller, and have it read its data from another file",
        "loop.py: cannot be a handler (too many links). Put a file there",
        "nowhere.py: cannot be a handler (a link that leads nowhere). Put a file there",
        "pipe.py: cannot be a handler (not a regular file). Put a file there",
        "zero.py: cannot be a handler (not a regular file). Put a file there",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("raise KeyboardInterrupt\n", ", line 4: KeyboardInterrupt"),
        ("raise GeneratorExit\n", ", line 4: GeneratorExit"),
        ("class E(BaseException): ...\nraise E(5)\n", ", line 5: E: 5"),
        ("class E(Exception):\n    def __str__(self): 1/0\nraise E\n", ", line 6: E, whose text"),
        (CONFIG + "def check(self): raise ValueError(5)\n", ", line 5: ValueError: 5"),
        (CONFIG + "def check(self): ...\n", f": Config.check() {LISTS}"),
        (CONFIG + "def check(self): return 'abc'\n", f": Config.check() {LISTS}"),
        (CONFIG + "def check(self): return [5]\n", f": Config.check() {LISTS}"),
        (CONFIG + "def absent(self): raise ValueError(5)\n", ", line 5: ValueError: 5"),
        (CONFIG + "def absent(self): ...\n", f": Config.absent() {LISTS}"),
        ("# /// script\n# x = " + "[" * 1500 + "\n# ///\n", ": its `# /// script` block has too"),
    ],
)
def test_whatever_the_code_of_a_file_does_is_a_fault_of_it(house: Settings, text: str, fault: str):
    """With its line where there is one."""
    (told,) = odd(house, GOOD + text)
    assert told.startswith(f"odd.py{fault}")


def test_what_is_not_there_is_not_waited_for_without_end(house: Settings):
    """`Config.absent` may hang on a device, too."""
    text = f"{CONFIG}def absent(self): threading.Event().wait()\n"
    path = house.handlers_dir / "odd.py"
    path.write_text(f"import threading\n{GOOD}{text}")
    file = loader.load(path, house)
    with pytest.raises(
        SettingsError, match=r"odd.py: its Config.absent\(\) takes longer than 0.1 s"
    ):
        Inspection(house, patience_s=0.1).absent(file)


@pytest.mark.parametrize(
    "text",
    [
        "class X:\n    def __getattr__(self, name): raise ValueError(name)\nx = X()\n",
        "def __getattr__(name): raise ValueError(name)\n",
    ],
)
def test_other_objects_of_a_file_are_not_asked_for_anything(house: Settings, text: str):
    """They may be odd, and the handler is fine."""
    assert odd(house, GOOD + text) == []
