"""A backup of a house, and its way back."""

import io
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from config.reading import sources
from hub.admin.backup.archive import write_backup
from hub.admin.backup.manifest import BackupError, Contents
from hub.admin.backup.verify import verify
from hub.admin.check.house import check
from hub.admin.restore.restore import apply, prepare
from hub.admin.restore.restore_steps import at_rest, resume
from hub.plugin import loader
from hub.process.restore_guard import NOTE, note_of, refuse
from hub.store.state import State
from tests import forked
from tests.forked import exit_code
from tests.house import ROOT, until
from tests.hub.fakes import rows

CRASH = """
import os, signal, sys
from pathlib import Path
from config.reading import sources
from hub.admin.restore import restore
left = int(sys.argv[3])
def count(real):
    def counted(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments, **named)
    return counted
plan = restore.prepare(Path(sys.argv[1]), Path(sys.argv[2]), sources.load(Path(sys.argv[2])))
for name in ("replace", "rename", "mkdir", "unlink"):
    setattr(Path, name, count(getattr(Path, name)))
os.link = count(os.link)
restore.apply(plan)
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A house with everything, at rest."""
    home = tmp_path / "etc"
    for name, text in {
        "doorbell.toml": 'state_dir = "../var"\n'
        '[broker]\nhost = "127.0.0.1"\npassword_dir = "broker/passwords"\n'
        '[handlers.mine]\ntoken_file = "token"\n',
        "broker/passwords/hub": "old secret",
        "token": "old token",
        "handlers/mine.py": "# old\n",
        "../var/link.key": "old key",
        "../var/media/clip.mp4": "a clip",
    }.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    _remember(home / "doorbell.toml", "old")
    return home / "doorbell.toml"


def _remember(config: Path, value: str) -> None:
    state = State(config.parent.parent / "var" / "hub-home.db")
    with state.write() as db:
        db.execute("INSERT OR REPLACE INTO memory VALUES ('key', ?)", (value,))
    state.close()


def _backup(config: Path, **how: bool) -> Contents:
    return write_backup(config.parent.parent / "b.tar.gz", config, sources.load(config), **how)


def _change(config: Path) -> None:
    for path in [
        config.parent / "broker/passwords/hub",
        config.parent / "token",
        config.parent / "handlers/mine.py",
    ]:
        path.write_text("new")
    (config.parent.parent / "var/link.key").write_text("new")
    (config.parent.parent / "var/newer.txt").write_text("new")
    _remember(config, "new")


def _ages(config: Path) -> set[str]:
    """Whether what lies there is old or new."""
    home, var = config.parent, config.parent.parent / "var"
    paths = [
        home / "broker/passwords/hub",
        home / "token",
        home / "handlers/mine.py",
        var / "link.key",
    ]
    ages = {"new" if path.read_text() == "new" else "old" for path in paths}
    state = State(var / "hub-home.db")
    ages |= {value for (value,) in rows(state, "SELECT value FROM memory")}
    state.close()
    return ages | {"new" if (var / "newer.txt").exists() else "old"}


def test_everything_comes_back_and_what_was_there_is_kept(config):
    """Settings, passwords, handlers and state, with their modes; state files become copies."""
    (config.parent / "broker").chmod(0o750)
    (config.parent / "handlers").chmod(0o751)
    contents = _backup(config)
    assert stat.S_IMODE(contents.file.stat().st_mode) == 0o600
    assert {m["name"] for m in contents.members if m["kind"] == "file"} == {
        "settings/doorbell.toml",
        "settings/broker/passwords/hub",
        "settings/token",
        "handlers/mine.py",
        "state/hub-home.db",
        "state/link.key",
    }
    _change(config)
    kept = apply(prepare(contents.file, config, sources.load(config)))
    assert _ages(config) == {"old"}
    assert stat.S_IMODE((config.parent / "broker/passwords/hub").stat().st_mode) == 0o600
    assert stat.S_IMODE((config.parent / "broker").stat().st_mode) == 0o750
    assert stat.S_IMODE((config.parent / "handlers").stat().st_mode) == 0o751
    assert (config.parent.parent / "var/media/clip.mp4").read_text() == "a clip"
    assert {
        (folder / name).read_text()
        for folder in kept
        for name in ("token", "link.key")
        if (folder / name).exists()
    }
    state = State(config.parent.parent / "var/hub-home.db")
    assert state.epochs.copied_unix_s > 0
    state.close()
    assert not list(config.parent.parent.rglob(".restore-*"))


def test_in_a_checkout_own_handlers_come_back_and_the_others_stay(config, monkeypatch):
    """Those beside the handlers that come with doorbell are in the backup, and only they."""
    folder = config.parent / "handlers"
    monkeypatch.setattr(loader, "SHIPPED", folder)
    (folder / "bark.py").write_text("# of version 1\n")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_mine.py").write_text("# old\n")
    contents = _backup(config)
    assert {member["name"] for member in contents.files("handlers")} == {
        "handlers/mine.py",
        "handlers/tests/test_mine.py",
    }
    assert contents.left_out == []
    (folder / "bark.py").write_text("# of version 2\n")
    (folder / "mine.py").write_text("# new\n")
    (folder / "newer.py").write_text("# new\n")
    (folder / "tests" / "test_mine.py").write_text("# new\n")
    kept = apply(prepare(contents.file, config, sources.load(config)))
    assert (folder / "bark.py").read_text() == "# of version 2\n"
    assert (folder / "mine.py").read_text() == "# old\n"
    assert (folder / "tests" / "test_mine.py").read_text() == "# old\n"
    assert not (folder / "newer.py").exists()
    (aside,) = [found for path in kept if (found := path / "handlers").is_dir()]
    assert (aside / "mine.py").read_text() == (aside / "newer.py").read_text() == "# new\n"
    assert (aside / "tests" / "test_mine.py").read_text() == "# new\n"
    assert not (aside / "bark.py").exists()


def test_an_own_handler_beside_the_shipped_ones_is_told(config, tmp_path, monkeypatch):
    """Where `handlers_dir` is another folder it runs, and the backup says that it is not in it."""
    monkeypatch.setattr(loader, "SHIPPED", tmp_path / "checkout")
    loader.SHIPPED.mkdir()
    for name in ("bark", "stray"):
        (loader.SHIPPED / f"{name}.py").touch()
    (line,) = _backup(config).left_out
    assert line.startswith(f"{loader.SHIPPED / 'stray.py'}: it lies beside the handlers that come")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_state_belongs_to_whom_the_state_folder_belongs(config):
    """Files beside the settings keep their own owners."""
    var = config.parent.parent / "var"
    contents = _backup(config)
    os.chown(var, 1, 1)
    apply(prepare(contents.file, config, sources.load(config)))
    assert {(var / name).stat().st_uid for name in ("hub-home.db", "link.key")} == {1}
    assert (config.parent / "token").stat().st_uid == 0


def test_a_new_card_gets_everything(config, tmp_path):
    """It has neither settings nor a state folder yet."""
    file = _backup(config).file
    new = tmp_path / "new" / "etc" / "doorbell.toml"
    new.parent.mkdir(parents=True)
    assert apply(prepare(file, new, None)) == []
    with closing(
        sqlite3.connect(tmp_path / "new/var/hub-home.db")
    ) as db:  # whatever inode the new disk gives it
        assert db.execute("SELECT value FROM meta WHERE key = 'inode'").fetchall() == [
            ("restored",)
        ]
    assert _ages(new) == {"old"}


def test_clips_come_along_when_they_are_asked_for(config):
    """With `--clips` they are in it."""
    assert "state/media/clip.mp4" in {m["name"] for m in _backup(config, clips=True).members}


def test_nothing_is_left_of_a_backup_that_fails(config):
    """The disk is full: simulated by a limit to the size of files (EFBIG)."""
    (config.parent.parent / "var/large").write_bytes(os.urandom(300_000))
    code = (
        "import resource, signal, sys\nfrom pathlib import Path\n"
        "from config.reading import sources\n"
        "from hub.admin.backup import archive; from hub.admin.backup.manifest import BackupError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "c = Path(sys.argv[1])\n"
        "try: archive.write_backup(Path(sys.argv[2]), c, sources.load(c))\n"
        "except BackupError as error: print(error)"
    )
    out = config.parent.parent / "out"
    out.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code, config, out / "b.tar.gz"],
        check=False,
        capture_output=True,
        text=True,
    )
    assert "not written" in done.stdout, done.stderr
    assert not list(out.iterdir())


def test_a_damaged_backup_is_refused_before_anything_is_touched(config):
    """Wherever a byte is wrong, and where its end is missing."""
    file = _backup(config).file
    whole = bytearray(file.read_bytes())
    for place in (len(whole) // 3, len(whole) // 2, len(whole) - 20):
        bad = bytearray(whole)
        bad[place] ^= 0xFF
        file.write_bytes(bad)
        with pytest.raises(BackupError):
            prepare(file, config, sources.load(config))
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError):
        verify(file)
    assert not list(config.parent.parent.rglob("*restore-*"))


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "state/../../outside"])
def test_a_path_that_leaves_its_folder_is_refused(config, name):
    """A forged backup cannot write elsewhere."""
    file = _forged(config, lambda _: None, name)
    with pytest.raises(BackupError):
        verify(file)


def test_a_backup_of_a_newer_program_is_refused_with_what_to_do(config):
    """Its state files could not be read."""
    file = _forged(config, lambda facts: facts["schemas"].update({"state/hub-home.db": 99}))
    with pytest.raises(BackupError, match="Update this one"):
        verify(file)


def _forged(config: Path, change, name: str = "") -> Path:
    """The backup with another manifest, and a member more."""
    file = _backup(config).file
    with tarfile.open(file) as tar:
        members = [
            (member, (stream := tar.extractfile(member)) and stream.read()) for member in tar
        ]
    with tarfile.open(file, "w:gz") as tar:
        for member, load in members:
            if member.name == "manifest.json":
                facts = json.loads(load)
                change(facts)
                changed = json.dumps(facts).encode()
                member.size = len(changed)
                tar.addfile(member, io.BytesIO(changed))
            else:
                tar.addfile(member, io.BytesIO(load) if load is not None else None)
        if name:
            tar.addfile(tarfile.TarInfo(name))
    return file


def test_nothing_is_restored_under_a_running_process(config):
    """Nor does a process start while something is restored."""
    state = State(config.parent.parent / "var/hub-home.db")
    with (
        pytest.raises(BackupError, match="sudo systemctl stop doorbell"),
        at_rest(config.parent.parent / "var"),
    ):
        pass
    state.close()
    with at_rest(config.parent.parent / "var"), pytest.raises(Exception, match="in use"):
        State(config.parent.parent / "var/hub-home.db")


def test_a_crash_at_any_step_leaves_the_old_or_the_new_or_a_note(config):
    """SIGKILL before each rename, link, new folder and removal; the same command continues."""
    file = _backup(config).file
    noted = 0
    for left in range(200):
        _change(config)
        died = exit_code(CRASH, file, config, left)
        note = note_of(config, sources.load(config))
        if note.exists():
            noted += 1
            with pytest.raises(Exception, match="cut off") as told:
                refuse(config, sources.load(config))
            assert NOTE in str(told.value)
            resume(note)
            assert _ages(config) == {"old"}
        else:
            assert len(_ages(config)) == 1
        if died == 0:
            break
        assert died == -signal.SIGKILL
    assert noted >= 10
    assert _ages(config) == {"old"}
    assert not list(config.parent.parent.rglob(".restore-*"))


def test_it_asks_before_it_replaces(config):
    """After a no, nothing is changed, and nothing is left. What matters most stands first."""
    file = _backup(config).file
    _change(config)
    (config.parent.parent / "var/hub-home.db-wal").touch()
    done = forked.run("hub.cli.main", "restore", file, "--config", config, said="n\n")
    assert done.returncode == 1
    assert (
        f"{config.parent.parent / 'var/newer.txt'}: not in the backup, set aside"
        in done.stdout.replace("etc/../", "")
    )
    listed = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    names = [line.split(":")[0].rpartition("/")[2] for line in listed]
    assert names.index("doorbell.toml") < names.index("hub-home.db") < names.index("link.key")
    assert names[-1] == "newer.txt"
    assert "hub-home.db-wal" not in names
    assert _ages(config) == {"new"}
    assert not list(config.parent.parent.rglob("*restore-*"))


@pytest.mark.parametrize("folder", [".", "..", "media"])
def test_the_journals_are_in_it_wherever_the_clips_lie(config, folder):
    """The clips' folder may be the state folder, or contain it."""
    config.write_text(config.read_text() + f'[handlers.record]\nfolder = "{folder}"\n')
    (config.parent.parent / "var" / "now.mp4").write_text("a clip")
    names = {member["name"] for member in _backup(config).members}
    assert {"state/hub-home.db", "state/link.key"} <= names
    assert ("state/now.mp4" in names) is (
        folder == "media"
    )  # no clip: record does not keep them there


def test_what_a_link_leads_to_is_kept_with_its_own_mode(config, tmp_path):
    """Settings in a repository, a handler file, a whole folder of them."""
    elsewhere = tmp_path / "repository"
    elsewhere.mkdir()
    for path in (config, config.parent / "handlers"):
        path.rename(elsewhere / path.name)
        path.symlink_to(elsewhere / path.name)
    (elsewhere / "linked.py").write_text("# linked\n")
    (config.parent / "handlers" / "linked.py").symlink_to(elsewhere / "linked.py")
    contents = _backup(config)
    modes = {member["name"]: member["mode"] for member in contents.members}
    assert modes["settings/doorbell.toml"] == 0o600
    verify(contents.file)
    new = tmp_path / "new" / "doorbell.toml"
    apply(prepare(contents.file, new, None))
    assert stat.S_IMODE(new.lstat().st_mode) == 0o600
    assert (new.parent / "handlers" / "linked.py").read_text() == "# linked\n"


def test_it_needs_nothing_that_came_after_python_3_11(config, monkeypatch):
    """Debian bookworm has 3.11.2; tarfile's filters came with 3.11.4."""
    file = _backup(config).file
    _change(config)
    monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.setattr(tarfile.TarFile, "extract", None)
    apply(prepare(file, config, sources.load(config)))
    assert _ages(config) == {"old"}


def test_a_folder_is_no_settings_file(config):
    """Otherwise the whole folder would be set aside."""
    file = _backup(config).file
    with pytest.raises(
        BackupError, match=r"a folder\. Name the settings file in it: --config .*doorbell\.toml"
    ):
        prepare(file, config.parent, None)
    assert config.is_file()


def test_what_was_written_while_it_was_asked_is_set_aside(config):
    """A killed process's write-ahead log would be replayed into the restored file."""
    file = _backup(config).file
    plan = prepare(file, config, sources.load(config))
    log = config.parent.parent / "var" / "hub-home.db-wal"
    log.write_text("newer")
    (aside, *_) = [folder for folder in apply(plan) if (folder / "hub-home.db").exists()]
    assert not log.exists()
    assert (aside / "hub-home.db-wal").read_text() == "newer"


def test_without_hard_links_it_copies(config, monkeypatch):
    """As on a FAT stick, and on some network shares."""
    file = _backup(config).file
    _change(config)
    monkeypatch.setattr(os, "link", _refuse)
    kept = apply(prepare(file, config, sources.load(config)))
    assert _ages(config) == {"old"}
    assert any(
        (folder / "token").read_text() == "new" for folder in kept if (folder / "token").exists()
    )


def _refuse(*_: object) -> None:
    raise PermissionError(1, "Operation not permitted")


def test_a_restore_that_was_cut_off_is_told_by_everybody(config):
    """By `check`, the doctor and `backup`; `restore` finishes it, or says why it cannot."""
    note = note_of(config, sources.load(config))
    note.write_text('{"steps": [], "rest": []}')
    assert any(
        "a restore was cut off" in fault for fault in check(sources.load(config), config).faults
    )
    with pytest.raises(BackupError, match="a restore was cut off"):
        _backup(config)
    assert _doorbell("restore", "--config", config).returncode == 0
    assert not note.exists()
    done = _doorbell("restore", "--config", config)
    assert done.returncode == 1
    assert "no restore was cut off" in done.stderr
    note.write_text("{")
    done = _doorbell("restore", "--config", config)
    assert done.returncode == 1
    assert "damaged" in done.stderr
    assert note.exists()


def _doorbell(*arguments: object) -> subprocess.CompletedProcess[str]:
    return forked.run("hub.cli.main", *arguments)


def test_a_backup_that_is_ended_leaves_nothing(config):
    """After a shutdown or a closed terminal: a backup holds passwords."""
    (config.parent.parent / "var" / "large").write_bytes(os.urandom(60_000_000))
    target = config.parent.parent / "out" / "b.tar.gz"
    target.parent.mkdir()
    command = [sys.executable, "-m", "hub.cli.main", "backup", str(target), "--config", str(config)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as backup:
        until(lambda: target.with_name(".b.tar.gz.new").exists(), "it writes")
        backup.send_signal(signal.SIGTERM)
    assert backup.returncode != 0
    assert list(target.parent.iterdir()) == []
