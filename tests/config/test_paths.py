"""Paths that cannot be one, and settings files that are none, are told in words."""

import os
import re
from pathlib import Path

import pytest

from config import SettingsError
from config.reading.sources import find, load
from hub.admin.check.house import check

SETTINGS = [
    "state_dir = {}",
    "handlers_dir = {}",
    "[chime]\nsound = {}",
    "[broker]\nhost = 'h'\npassword_dir = {}",
    "[broker]\nhost = 'h'\nca_file = {}",
]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            '"~nosuchuser/x"',
            "~nosuchuser is not a user with a home folder. Write the path from / on",
        ),
        (r'"a\u0000b"', "a zero byte is in it. Write it without"),
        (f'"{"a" * 300}"', "it is longer than a path can be. Write a shorter one"),
        (f'"{"a/" * 2500}"', "it is longer than a path can be. Write a shorter one"),
    ],
    ids=["user", "zero", "name", "path"],
)
def test_a_path_that_cannot_be_one_is_a_fault_with_its_line(tmp_path, setting, path, says):
    """No system call is tried with it."""
    file = tmp_path / "doorbell.toml"
    file.write_text(setting.format(path), encoding="utf-8")
    with pytest.raises(SettingsError) as told:
        load(file)
    (fault,) = told.value.faults
    assert fault.startswith(f"doorbell.toml: line {setting.count(chr(10)) + 1}: ")
    assert fault.endswith(f": {says}.")


@pytest.mark.parametrize(
    "path",
    ["~nosuchuser/x", r"a\u0000b", "a" * 300, "a/" * 2500],
    ids=["user", "zero", "name", "path"],
)
@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("[handlers.record]\nfolder = ", "[handlers.record] folder: "),
        ("[handlers.record]\ncamera = ", "[handlers.record] camera: "),
        ("[handlers.bark]\nsound = ", "[handlers.bark] sound: "),
        ("[handlers.talk]\nenabled = true\nmicrophone = ", "[handlers.talk] microphone: "),
    ],
)
def test_a_handlers_path_that_cannot_be_one_is_told_by_check(tmp_path, table, says, path):
    """In the words of its device."""
    file = tmp_path / "doorbell.toml"
    file.write_text(f'state_dir = "state"\n{table}"{path}"\n', encoding="utf-8")
    assert [fault for fault in check(load(file), file).faults if says in fault]


@pytest.mark.parametrize("given", [Path("a" * 5000), Path("a\0b")], ids=["long", "zero"])
def test_a_file_that_cannot_be_named_is_told(given):
    """`--config` takes any text."""
    with pytest.raises(SettingsError, match="cannot be read"):
        find(given)


def _folder(path: Path) -> None:
    path.mkdir()


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("make", [_folder, os.mkfifo, _dangling, _loop])
@pytest.mark.parametrize("is_named", [True, False])
def test_what_is_no_file_is_not_passed_over(tmp_path, make, is_named):
    """The demo's settings in its place would look like success."""
    path = tmp_path / "doorbell.toml"
    make(path)
    with pytest.raises(SettingsError, match=r"doorbell\.toml: (it is|cannot be read)"):
        find(path if is_named else None)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_without_rights_is_told(tmp_path):
    """Whether there is a file in it cannot be known."""
    folder = tmp_path / "home/.config/doorbell"
    folder.mkdir(parents=True)
    folder.chmod(0)
    try:
        with pytest.raises(
            SettingsError, match=r"you may not look into its folder\. Use sudo, or name"
        ):
            find()
    finally:
        folder.chmod(0o700)


def test_a_working_directory_that_was_deleted_is_told(monkeypatch, tmp_path):
    """A full path needs none."""
    file = tmp_path / "doorbell.toml"
    file.touch()
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert load(find(file)).hub == "home"
    with pytest.raises(SettingsError, match=re.escape("the folder in which you are")):
        load(find())
