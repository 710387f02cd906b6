"""A settings file that is changed: what is in it stays, and it is written whole or not at all."""

import os
import stat
import tomllib
from datetime import time
from pathlib import Path

import pytest

from hub.admin.check.house import check
from hub.admin.setup.dialog import Dialog, Skipped, moment_in
from hub.admin.setup.draft import Draft
from hub.admin.setup.questions.file_viewing import how_to_see, shelf
from hub.admin.setup.questions.house import slug, understand_place
from hub.admin.setup.target import TargetError, target
from tests.house import ROOT

ANNOTATED = (ROOT / "config" / "doorbell.toml").read_text(encoding="utf-8")
BUTTON = ("doors", "front", "button")
TERMINAL = "On your own computer, in another terminal:"
CHANGES = {
    ("doors", "front", "name"): "Gate",
    (*BUTTON, "driver"): "gpio",
    (*BUTTON, "pin"): 17,
    ("house", "latitude"): 48.1,
    ("quiet", "begin"): time(22),
    ("handlers", "record", "camera"): "picamera",
    ("handlers", "bark", "enabled"): False,
    ("handlers", "notify", "urls"): ["ntfy://ntfy.sh/x"],
}


def _draft(folder: Path, text: str) -> Draft:
    path = folder / "doorbell.toml"
    path.write_text(text, encoding="utf-8")
    return Draft(path)


@pytest.mark.parametrize(
    "text",
    [
        ANNOTATED,
        (ROOT / "config" / "demo.toml").read_text(encoding="utf-8"),
        "",
        "# only a comment, and no end of line",
        '[handlers.notify]\nurls = [  # mine\n  "a",\n]\n[house]\nlatitude = 1.0\n'
        '[handlers.bark]\nsound = "ding"\n',
        'doors = { front = { name = "x", button = { pin = 4 } } }\n',
        'doors.front.name = "x"\nhouse.latitude = 2.0\n[handlers]\nbark.sound = "gong"\n',
        'log_level = """DEBUG"""\n[web]\nlisten = """\n[house]\n"""\n',
        "[doors.front]\r\nname = 'x'  # windows\r\n[doors.front.button]\r\npin = 4\r\n",
    ],
    ids=[
        "annotated",
        "demo",
        "empty",
        "comment",
        "apart",
        "inline",
        "dotted",
        "a table in a text",
        "windows",
    ],
)
def test_however_it_is_written_it_says_what_it_shall(tmp_path: Path, text: str):
    """It has the new values, and every comment."""
    draft = _draft(tmp_path, text)
    wanted = tomllib.loads(text)
    for keys, value in CHANGES.items():
        here = wanted
        for key in keys[:-1]:
            here = here.setdefault(key, {})
        here[keys[-1]] = value
    draft.change(CHANGES)
    written = draft.text()
    assert tomllib.loads(written) == draft.table == wanted
    for line in filter(None, (line.partition("#")[2] for line in text.splitlines())):
        assert line in written or any(f" {keys[-1]} = " in f" {line.strip()}" for keys in CHANGES)


def test_a_setting_takes_the_place_of_its_example(tmp_path: Path):
    """Not behind the example of another table, to which it would belong once uncommented."""
    draft = _draft(tmp_path, ANNOTATED)
    draft.change(CHANGES)
    lines = draft.text().splitlines()
    at = lines.index("[doors.front.button]")
    assert lines[at + 1].startswith('driver = "gpio"')
    assert lines[at + 1].endswith('"simulated": Enter and `doorbell press` ring it')
    assert lines[at + 2].startswith("pin = 17  ")
    assert lines[lines.index("[handlers.bark]") + 1] == "enabled = false"
    changed = set(lines) - set(ANNOTATED.splitlines())
    assert len(changed) == len(CHANGES)
    assert len(lines) == len(ANNOTATED.splitlines()) + 1


def test_what_is_changed_back_is_no_change(tmp_path: Path):
    """There is nothing to write then."""
    draft = _draft(tmp_path, '[doors.front]\nname = "x"\n')
    draft.change({("doors", "front", "name"): "y"})
    assert draft.is_changed
    draft.change({("doors", "front", "name"): "x"})
    assert not draft.is_changed
    assert draft.text() == '[doors.front]\nname = "x"\n'


def test_a_link_stays_one_and_its_file_keeps_owner_and_mode(tmp_path: Path):
    """The settings may be in a user's own repository."""
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "mine.toml"
    real.write_text("# mine\n", encoding="utf-8")
    real.chmod(0o640)
    owner = (4711, 4712) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(real, *owner)
    (tmp_path / "doorbell.toml").symlink_to(real)
    draft = Draft(tmp_path / "doorbell.toml")
    draft.change({("house", "latitude"): 1.0})
    before = draft.write()
    assert (tmp_path / "doorbell.toml").is_symlink()
    assert real.read_text(encoding="utf-8") == "# mine\n\n[house]\nlatitude = 1.0\n"
    assert before == tmp_path / "real" / "mine.toml.before"
    for one in (real, before):
        known = one.stat()
        assert (stat.S_IMODE(known.st_mode), known.st_uid, known.st_gid) == (0o640, *owner)
    assert sorted(one.name for one in real.parent.iterdir()) == ["mine.toml", "mine.toml.before"]


def test_the_last_five_of_before_are_kept(tmp_path: Path):
    """The newest has no number."""
    path = tmp_path / "doorbell.toml"
    path.write_text("latitude_of = 0\n", encoding="utf-8")
    for number in range(1, 8):
        draft = Draft(path)
        draft.change({("house", "latitude"): float(number)})
        draft.write()
    names = ["doorbell.toml.before", *(f"doorbell.toml.before.{i}" for i in range(2, 6))]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["doorbell.toml", *names]
    said = [
        tomllib.loads((tmp_path / name).read_text(encoding="utf-8"))["house"]["latitude"]
        for name in names
    ]
    assert said == [6, 5, 4, 3, 2]


def test_only_our_own_examples_are_written_over(tmp_path: Path):
    """Lines that a user has commented out stay."""
    ours = next(line for line in ANNOTATED.splitlines() if line.startswith("# speaker = "))
    draft = _draft(tmp_path, f'[handlers.bark]\n# speaker = "the good one, in the attic"\n{ours}\n')
    draft.change({("handlers", "bark", "speaker"): "default"})
    assert draft.text().splitlines()[:2] == [
        "[handlers.bark]",
        '# speaker = "the good one, in the attic"',
    ]
    assert ours not in draft.text()
    draft = _draft(tmp_path, '[handlers.bark]\n# speaker = "the good one, in the attic"\n')
    draft.change({("handlers", "bark", "speaker"): "default"})
    assert (
        draft.text()
        == '[handlers.bark]\nspeaker = "default"\n# speaker = "the good one, in the attic"\n'
    )


def test_what_somebody_else_wrote_meanwhile_is_not_lost(tmp_path: Path):
    """The command says so, and the file stays as it is."""
    draft = _draft(tmp_path, "# one\n")
    draft.change({("house", "latitude"): 1.0})
    draft.path.write_text("# two\n", encoding="utf-8")
    with pytest.raises(TargetError, match="another program has changed it meanwhile"):
        draft.write()
    assert draft.path.read_text(encoding="utf-8") == "# two\n"


def test_a_file_that_is_no_toml_is_left_alone(tmp_path: Path):
    """The text says where it is wrong."""
    with pytest.raises(TargetError, match=r"cannot be read: .*line 1.* Mend it"):
        _draft(tmp_path, "[house\n")


@pytest.mark.parametrize(
    "text", ["house = 1", "[doors]\nfront = 'x'", "[handlers.light]\nscenes = { a = 1 }"]
)
def test_what_is_no_table_is_told_before_anything_is_asked(tmp_path: Path, text: str):
    """The user does not answer in vain."""
    with pytest.raises(
        TargetError, match=r"\[(house|doors\.front|handlers\.light\.scenes\.a)\] is not a table"
    ):
        _draft(tmp_path, text)


def test_what_is_of_another_kind_counts_as_not_set(tmp_path: Path):
    """Steps get values of the right kind; a time may be text."""
    draft = _draft(tmp_path, "[handlers.record]\ncamera = 5\n[quiet]\nbegin = '21:00'\nend = 7\n")
    assert draft.get("handlers", "record", "camera") is None
    assert [moment_in(draft, "quiet", key) for key in ("begin", "end")] == [time(21), None]


def test_relative_folders_are_those_of_the_file(tmp_path: Path):
    """It is checked before it is in place, as if it were."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "odd.py").write_text("def x(:\n", encoding="utf-8")
    draft = _draft(tmp_path, 'handlers_dir = "mine"\nstate_dir = "state"\n')
    draft.change({("handlers", "light", "enabled"): False})
    settings = draft.read()
    assert settings.state_dir == tmp_path / "state"
    assert check(settings, draft.path).faults == ["odd.py, line 1: invalid syntax"]


def test_where_there_is_no_file_it_is_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Or that of DOORBELL_CONFIG, which the other commands use, too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("hub.admin.setup.target.INSTALLED", tmp_path / "etc" / "doorbell.toml")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert target(None) == tmp_path / ".config" / "doorbell" / "doorbell.toml"
    (tmp_path / "etc").mkdir()
    assert target(None) == tmp_path / "etc" / "doorbell.toml"
    monkeypatch.setenv("DOORBELL_CONFIG", str(tmp_path / "other.toml"))
    assert target(None) == tmp_path / "other.toml"
    assert target(Path("this.toml")) == tmp_path / "this.toml"


def test_a_new_file_of_an_installed_doorbell_says_what_its_units_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Where they may write, and how they log in."""
    monkeypatch.setattr("hub.admin.setup.target.INSTALLED", tmp_path / "doorbell.toml")
    monkeypatch.setattr("hub.admin.setup.target.STATE", tmp_path / "state")
    (tmp_path / "state").mkdir()
    (tmp_path / "broker" / "passwords").mkdir(parents=True)
    draft = Draft(tmp_path / "doorbell.toml")
    draft.change({("house", "latitude"): 1.0, ("house", "longitude"): 1.0})
    assert tomllib.loads(draft.text()) == {
        "state_dir": str(tmp_path / "state"),
        "broker": {"host": "localhost", "password_dir": "broker/passwords"},
        "house": {"latitude": 1.0, "longitude": 1.0},
    }


@pytest.mark.parametrize(
    ("name", "door"),
    [
        ("Front door", "front"),
        ("Back gate", "back_gate"),
        ("Tür zum Hof", "tur_zum_hof"),
        ("2nd floor", "nd_floor"),
        ("玄関", "front"),
        ("Door", "door"),
        ("x" * 60, "x" * 32),
    ],
)
def test_a_door_is_called_after_its_name(name: str, door: str):
    """The id holds only what a topic may hold."""
    assert slug(name) == door


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("52.52, 13.40", (52.52, 13.4)),
        ("52.52,13.40", (52.52, 13.4)),
        ("-33.9 18.4", (-33.9, 18.4)),
        ("33.9° S, 18.4° E", (-33.9, 18.4)),
        ("40.7 N 74.0 W", (40.7, -74.0)),
        ("None", None),
    ],
)
def test_a_place_is_understood_as_maps_write_it(typed: str, place: tuple[float, float] | None):
    """North and east are positive."""
    assert understand_place(typed) == place


@pytest.mark.parametrize("typed", ["52.52", "52,52, 13,40", "1, 2, 3", "a, b", "181, 0", "0, 181"])
def test_what_is_no_place_is_none(typed: str):
    """It is asked again."""
    with pytest.raises(ValueError, match=r"comma|must be"):
        understand_place(typed)


def test_over_ssh_there_is_a_line_that_fetches_the_picture(monkeypatch: pytest.MonkeyPatch):
    """It has the user's name and the address of the connection."""
    monkeypatch.setenv("SUDO_USER", "pi")
    monkeypatch.setenv("SSH_CONNECTION", "192.168.1.9 51000 192.168.1.20 22")
    assert how_to_see(Path("/x/door.jpg"))[1:] == [
        TERMINAL,
        "    scp pi@192.168.1.20:/x/door.jpg .",
    ]
    monkeypatch.setenv("SSH_CONNECTION", "fe80::1 51000 fd00::20 22")
    assert how_to_see(Path("/x/door.jpg"))[1:] == [TERMINAL, "    scp pi@[fd00::20]:/x/door.jpg ."]


def test_the_picture_is_of_who_called_sudo(monkeypatch: pytest.MonkeyPatch):
    """Only that user can read it, and it is removed."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    monkeypatch.setenv("SUDO_UID", "4711")
    monkeypatch.setenv("SUDO_GID", "4712")
    with shelf() as folder:
        known = folder.stat()
        assert (known.st_uid, known.st_gid, stat.S_IMODE(known.st_mode)) == (4711, 4712, 0o700)
    assert not folder.exists()


def test_s_is_an_answer_to_every_question():
    """Also to yes or no."""
    dialog = Dialog(lambda _: None, lambda _: "S", lambda _: True)
    for ask in (lambda: dialog.agree("Well?"), lambda: dialog.choose("Which?", "a", ("a", "b"))):
        with pytest.raises(Skipped):
            ask()


def test_what_is_switched_on_already_stays_as_it_is_written(tmp_path: Path):
    """A line `enabled = true` stays; `enabled = false` is removed."""
    draft = _draft(
        tmp_path,
        "[handlers.record]\nenabled = true  # insurance\n[handlers.bark]\nenabled = false\n",
    )
    draft.change({("handlers", "record", "enabled"): None, ("handlers", "bark", "enabled"): None})
    draft.write()
    text = (tmp_path / "doorbell.toml").read_text(encoding="utf-8")
    assert "enabled = true  # insurance" in text
    assert "enabled = false" not in text


def test_a_file_that_an_editor_of_windows_has_saved_is_amended(tmp_path):
    """A byte order mark and CR LF are no reason to begin anew; what it says stays."""
    path = tmp_path / "doorbell.toml"
    path.write_bytes('[doors.front]\r\nname = "Tür"\r\n'.encode("utf-8-sig"))
    draft = Draft(path)
    draft.change({("hub",): "home"})
    assert draft.get("doors", "front", "name") == "Tür"
    assert draft.get("hub") == "home"
