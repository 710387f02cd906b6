"""Handler files that are only looked at: what hangs is named, and root runs nobody else's code."""

import os
import time
from pathlib import Path

import pytest

from config import Settings, SettingsError
from config.reading import sources
from hub.admin.check.handler_files import Inspection
from hub.admin.check.house import check
from hub.admin.doctor import house as doctor_house
from hub.admin.doctor.context import Context

GOOD = (
    'from hub import *\n@handler("doorbell.pressed")\n'
    "def f(event: Event, config: HandlerConfig): ...\n"
)


@pytest.fixture
def house(tmp_path: Path) -> Settings:
    """With one file of a person's that is fine, and one that never ends loading."""
    folder = tmp_path / "handlers"
    folder.mkdir()
    (folder / "fine.py").write_text(GOOD)
    (folder / "endless.py").write_text("import threading\nthreading.Event().wait()\n" + GOOD)
    return Settings(handlers_dir=folder, state_dir=tmp_path / "state")


def test_a_file_that_hangs_is_named_once_and_the_others_are_looked_at(house: Settings):
    """The first check that asks for it waits; the others know its result."""
    context = Context(sources.DEMO, house)
    context.files = Inspection(house, patience_s=0.5)
    found = [one for one in doctor_house.settings(context) if "endless" in one.found]
    assert [(one.state, one.found) for one in found] == [
        ("problem", "endless.py: loading it takes longer than 0.5 s")
    ]
    began = time.monotonic()
    assert "fine" in context.reactions
    assert "endless" not in context.reactions
    assert any(line.startswith("fine:") for line in check(house, sources.DEMO, context.files).good)
    assert time.monotonic() - began < 60  # it is not waited for again; else this would be no end


@pytest.mark.skipif(os.geteuid() != 0, reason="what root may not")
@pytest.mark.parametrize(
    ("owner", "mode", "why"),
    [(65534, 0o644, "belongs to nobody"), (0, 0o666, "can be written by others")],
)
@pytest.mark.parametrize("place", ["file", "folder"])
def test_root_runs_no_code_that_others_may_write(
    house: Settings, owner: int, mode: int, why: str, place: str
):
    """It loads neither their files nor files in their folders; ours come with the program."""
    file = house.handlers_dir / "fine.py"
    ran = house.handlers_dir / "ran"
    file.write_text(f"from pathlib import Path\nPath({str(ran)!r}).touch()\n{GOOD}")
    target = file if place == "file" else house.handlers_dir
    target.chmod(mode | (0o111 if place == "folder" else 0))
    os.chown(target, owner, -1)
    with pytest.raises(
        SettingsError, match=f"fine.py: {target} {why}, and you are root.*sudo chown root:"
    ):
        Inspection(house).of(file)
    assert not ran.exists()
    os.chown(target, 0, -1)
    target.chmod(0o755)
    assert Inspection(house).of(file).name == "fine"


@pytest.mark.skipif(os.geteuid() != 0, reason="what root may not")
def test_root_runs_no_code_below_the_folder_of_another_user(house: Settings):
    """That user could put another folder in place of root's, also while it is looked at."""
    above = house.handlers_dir.parent
    os.chown(above, 65534, -1)
    told = f"fine.py: {above} belongs to nobody, and you are root.*Write: sudo -u nobody doorbell"
    with pytest.raises(SettingsError, match=told):
        Inspection(house).of(house.handlers_dir / "fine.py")
    os.chown(above, 0, -1)
    theirs = above / "theirs"
    theirs.mkdir()
    (theirs / "x.py").write_text(GOOD)
    os.chown(theirs, 65534, -1)
    (house.handlers_dir / "linked.py").symlink_to(theirs / "x.py")
    with pytest.raises(SettingsError, match=f"linked.py: {theirs} belongs to nobody"):
        Inspection(house).of(house.handlers_dir / "linked.py")
