"""`doorbell new`: what it writes works as it is."""

import subprocess
import sys

import pytest

from config import Settings, SettingsError
from hub import testing
from hub.plugin import loader
from hub.plugin.template import write_handler
from tests.forked import PATIENCE_S
from tests.house import ROOT


def _run_its_test(test):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(test.parent),
        str(test),
    ]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )


def test_what_it_writes_loads_and_its_test_passes(tmp_path):
    """The file is a handler, and the test beside it passes when run by pytest."""
    handler, test = write_handler("greet", tmp_path)
    file = loader.load(handler, Settings(handlers={"greet": {"greeting": "Ahoy"}}))
    assert (
        file.reactions["doorbell.pressed"].function(testing.event(), file.config)
        == "Ahoy, front door!"
    )
    ran = _run_its_test(test)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout


def test_the_test_is_not_taken_for_a_handler(tmp_path):
    """Only the handler is found in the folder."""
    write_handler("greet", tmp_path)
    assert loader.find(Settings(handlers_dir=tmp_path)).keys() - loader.find(
        Settings(handlers_dir=ROOT / "none")
    ).keys() == {"greet"}


@pytest.mark.parametrize(
    "name", ["Greet", "a b", "1st", "", "../evil", "a.b", "greet.py", "x" * 33]
)
def test_what_is_no_name_is_refused(tmp_path, name):
    """Nothing is written, least of all somewhere else."""
    with pytest.raises(
        SettingsError,
        match=r"not a name for a handler. Use a-z, 0-9, - and _, beginning with a letter",
    ):
        write_handler(name, tmp_path / "handlers")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("existing", ["greet.py", "tests/test_greet.py"])
def test_nothing_is_overwritten(tmp_path, existing):
    """If one of the two files is there, both are left alone."""
    there = tmp_path / existing
    there.parent.mkdir(exist_ok=True)
    there.write_text("mine")
    with pytest.raises(SettingsError, match=r"exists already. Choose another name, or remove it"):
        write_handler("greet", tmp_path)
    assert there.read_text() == "mine"
    assert len(list(tmp_path.rglob("*.py"))) == 1


def test_in_a_checkout_ours_is_changed_where_it_is(tmp_path):
    """Elsewhere it is copied first: a file is never to be copied onto itself."""
    with pytest.raises(SettingsError, match=r"to change ours, edit \S+/light\.py$"):
        write_handler("light", loader.SHIPPED)
    with pytest.raises(SettingsError, match=r"to change ours, copy .* and edit that"):
        write_handler("light", tmp_path)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("class", "a word of Python itself"),
        ("hub-x", "Names that begin with hub-, web-, run-, cli-, producer- are"),
        ("wave", "a module of Python itself has this name. Choose another, like my_wave"),
        ("event", "a handler's file or its test uses this name"),
        ("test_it", "a handler's file or its test uses this name"),
        ("light", "comes with doorbell, and yours would take its place"),
    ],
)
def test_a_name_that_cannot_work_is_refused_with_the_reason(tmp_path, name, why):
    """Among others ours: a file of the same name would silently replace it."""
    with pytest.raises(SettingsError, match=why):
        write_handler(name, tmp_path / "handlers")
    assert list(tmp_path.iterdir()) == []


def test_a_name_may_have_hyphens(tmp_path):
    """The rule is the same everywhere; the function has underscores in their place."""
    handler, test = write_handler("open-gate", tmp_path)
    file = loader.load(handler, Settings())
    assert file.name == "open-gate"
    assert _run_its_test(test).returncode == 0
