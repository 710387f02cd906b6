"""A backup from elsewhere chooses neither where root writes, nor how much."""

import gzip
import io
import json
import os
import shutil
import sqlite3
import tarfile
from pathlib import Path

import pytest

from config.reading import sources
from hub.admin.backup.archive import write_backup
from hub.admin.backup.manifest import LARGEST, LARGEST_MANIFEST, BackupError
from hub.admin.backup.verify import verify
from hub.admin.restore.places import other_places, refuse_without_room
from hub.admin.restore.restore import prepare
from hub.store.state import State
from tests import forked
from tests.hub.admin.restore.forged import forge

FACTS = {
    "format": 1, "doorbell": "1", "schema": 1, "schemas": {}, "time": "now", "host": "h",
    "settings": None, "clips": False, "members": [],
}  # fmt: skip


def elsewhere(tmp_path: Path) -> Path:
    """The backup of a house whose settings name places of their own."""
    home = tmp_path / "other" / "etc"
    home.mkdir(parents=True)
    config = home / "doorbell.toml"
    config.write_text(
        f'state_dir = "{tmp_path}/chosen/state"\nhandlers_dir = "{tmp_path}/chosen/handlers"\n'
        f'[broker]\nhost = "localhost"\npassword_dir = "{tmp_path}/chosen/passwords"\n'
        "# in the hall\n"
        f'[handlers.record]\nfolder = "{tmp_path}/chosen/clips"\n'
        f'[handlers.mine]\nlog_file = "../../log"\n'
    )
    (tmp_path / "chosen" / "handlers").mkdir(parents=True)
    (tmp_path / "chosen" / "handlers" / "mine.py").write_text("")
    State(tmp_path / "chosen" / "state" / "hub-home.db").close()
    file = write_backup(tmp_path / "b.tar.gz", config, sources.load(config)).file
    shutil.rmtree(tmp_path / "chosen")
    return file


def restore(file: Path, config: Path, *options: str, said: str = "") -> tuple[int, str]:
    """The command's exit code, and all that it says."""
    done = forked.run("hub.cli.main", "restore", file, "--config", config, *options, said=said)
    return done.returncode, done.stdout + done.stderr


def test_other_places_are_listed_in_full_and_nothing_is_written_before_a_yes(
    tmp_path: Path, config: Path
):
    """`--yes` alone is no yes to them; each is named with --place."""
    file = elsewhere(tmp_path)
    for options, said in ((), "n\n"), (("--yes",), ""):
        code, words = restore(file, config, *options, said=said)
        assert code == 1
        for name in ("state", "handlers", "passwords", "clips"):
            assert f": {tmp_path}/chosen/{name}\n" in words
        assert "[handlers.mine] log_file: " in words
        assert not (tmp_path / "chosen").exists()
        assert not list(tmp_path.rglob("*restore-*"))
    places = other_places(_settings_in(file, tmp_path), sources.load(config), config).values()
    code, words = restore(
        file, config, "--yes", *(word for place in places for word in ("--place", str(place)))
    )
    assert (code, "is in place" in words) == (0, True), words
    assert (tmp_path / "chosen" / "state" / "hub-home.db").is_file()


def test_a_backup_from_another_machine_gets_the_folders_of_today(tmp_path: Path, config: Path):
    """It is said how, and the rest of its settings stays as it is."""
    file = elsewhere(tmp_path)
    hint = "To keep today's folders of state, handlers, passwords and clips, add --here"
    assert f"Nothing is changed. {hint}" in restore(file, config, said="n\n")[1]
    assert f". {hint}" in restore(file, config, "--yes")[1]
    code, words = restore(file, config, "--here", said="y\ny\n")
    assert (code, "is in place" in words) == (0, True), words
    assert ("[handlers.mine] log_file: " in words, "_dir: " in words) == (True, False), words
    assert not (tmp_path / "chosen").exists()
    assert (tmp_path / "var" / "hub-home.db").is_file()
    assert (config.parent / "handlers" / "mine.py").is_file()
    assert config.read_text() == (
        'state_dir = "../var"\n[broker]\nhost = "localhost"\n# in the hall\n'
        '[handlers.record]\n[handlers.mine]\nlog_file = "../../log"\n'
    )


def test_the_folders_of_a_damaged_file_are_not_known(tmp_path: Path, config: Path):
    """It is said whose fault it is: the backup has a file of the same name."""
    file = elsewhere(tmp_path)
    config.write_text('state_dir = "../var"\n[broker\n')
    code, words = restore(file, config, "--here", "--yes")
    assert (code, f"today's folders are not known: {config}: " in words) == (1, True), words
    assert words.endswith("Mend that file first, or restore without --here\n")


@pytest.mark.parametrize(
    ("text", "told", "place"),
    [
        ('folders = ["x", "/etc/cron.d"]', "[handlers.mine] folders, 2", "/etc/cron.d"),
        ('log = "media/../../../away"', "[handlers.mine] log", "away"),
        ('url = "File:///etc/a%20b"', "[handlers.mine] url", "/etc/a b"),
        ('out.deep.folder = "/etc/x"', "[handlers.mine.out.deep] folder", "/etc/x"),
        ('rules = [[{to = "/etc/x"}]]', "[handlers.mine.rules, 1, 1] to", "/etc/x"),
        ('out = "~nosuchuser/../../../away"', "[handlers.mine] out", "away"),
        ('"a.b".folder = "/1"\na.b.folder = "/2"', '[handlers.mine."a.b"] folder', "/1"),
        ('"a.b".folder = "/1"\na.b.folder = "/2"', "[handlers.mine.a.b] folder", "/2"),
    ],
)
def test_a_place_is_found_wherever_the_settings_hide_it(
    tmp_path: Path, config: Path, text: str, told: str, place: str
):
    """In lists, in tables of tables, in an address, and behind a folder that is harmless."""
    draft = tmp_path / "draft.toml"
    draft.write_text(f'state_dir = "../var"\n[handlers.mine]\n{text}\n')
    found = other_places(sources.load(config, draft), sources.load(config), config)
    assert found[told] == tmp_path.parent / place


def test_the_sound_of_the_chime_is_a_place_too(tmp_path: Path, config: Path):
    """It names a file as settings of handlers do."""
    draft = tmp_path / "draft.toml"
    draft.write_text('state_dir = "../var"\n[chime]\nsound = "/etc/x"\n')
    found = other_places(sources.load(config, draft), sources.load(config), config)
    assert found == {"[chime] sound": Path("/etc/x")}


@pytest.mark.parametrize("folder", ["5", '["media"]', "{a = 1}", '"~nosuchuser/x"', '"a\\u0000"'])
def test_a_folder_of_clips_that_is_none_is_told(config: Path, tmp_path: Path, folder: str):
    """By the backup, and by the restore of another one."""
    file = write_backup(tmp_path / "b.tar.gz", config, sources.load(config)).file
    config.write_text(f'state_dir = "../var"\n[handlers.record]\nfolder = {folder}\n')
    for command in ("backup", "restore"):
        done = forked.run("hub.cli.main", command, file, "--config", config)
        assert done.returncode == 1
        assert "[handlers.record] folder: no path of a folder" in done.stdout + done.stderr


def _settings_in(file: Path, tmp_path: Path) -> object:
    """What the settings of a backup say at the place of those of today."""
    draft = tmp_path / "draft.toml"
    with tarfile.open(file) as tar:
        draft.write_bytes(tar.extractfile("settings/doorbell.toml").read())
    return sources.load(tmp_path / "etc" / "doorbell.toml", draft)


def test_the_places_of_today_are_not_asked_for(tmp_path: Path, config: Path):
    """A backup of this house comes back without a further question."""
    file = write_backup(tmp_path / "b.tar.gz", config, sources.load(config)).file
    assert "other places" not in restore(file, config, "--yes")[1]


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """A backup with these members, which may lie about their size."""
    with gzip.open(path, "wb", compresslevel=1) as raw:
        for head, content in members:
            raw.write(head.tobuf(tarfile.GNU_FORMAT) + content)
    return path


def head(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    """The head of a member."""
    info = tarfile.TarInfo(name)
    info.size = size
    info.type = kind
    return info


def test_what_is_too_large_is_refused_by_its_head(tmp_path: Path):
    """A petabyte, a manifest, a long name, many large files: none of it is read."""
    file = tmp_path / "b.tar.gz"
    for member in (
        head("state/x", 1 << 50),
        head("manifest.json", LARGEST_MANIFEST + 1),
        head("x", 900_000_000, tarfile.GNUTYPE_LONGNAME),
        head("x", 900_000_000, tarfile.XHDTYPE),
    ):
        with pytest.raises(BackupError, match="too large"):
            verify(archive(file, (member, bytes(LARGEST_MANIFEST + (1 << 20)))))


def test_a_sparse_member_is_refused(tmp_path: Path):
    """Some bytes of it stand for a petabyte."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", format=tarfile.PAX_FORMAT) as tar:
        member = head("state/x", 512)
        member.pax_headers = {
            "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(1 << 50),
            "GNU.sparse.map": "0,512", "GNU.sparse.numblocks": "1",
        }  # fmt: skip
        tar.addfile(member, io.BytesIO(bytes(512)))
    file = tmp_path / "b.tar.gz"
    file.write_bytes(stream.getvalue())
    with pytest.raises(BackupError, match="too large"):
        verify(file)


def test_what_is_kept_of_each_head_is_bounded(tmp_path: Path):
    """A comment of megabytes, and names that fill the memory with the folders above them."""
    wordy = head("handlers/x", 0)
    wordy.pax_headers = {"comment": "x" * 1_000_000}
    folder = "x" * 250
    deep = [head(f"handlers/{index}/" + f"{folder}/" * 29 + "x", 0) for index in range(1200)]
    for members, fault in (([wordy], "its header is too large"), (deep, "too many files")):
        file = tmp_path / "b.tar.gz"
        with tarfile.open(file, "w:gz", format=tarfile.PAX_FORMAT) as tar:
            for member in members:
                tar.addfile(member)
        with pytest.raises(BackupError, match=fault):
            verify(file)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE much (a); CREATE TRIGGER t BEFORE INSERT ON meta BEGIN INSERT INTO much "
        "WITH RECURSIVE r(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM r) SELECT x FROM r; END",
        "ALTER TABLE meta ADD COLUMN big GENERATED ALWAYS AS (zeroblob("
        "iif(value = 'restored', 100000, 1))) VIRTUAL;"
        "CREATE INDEX large ON meta (big)",
    ],
    ids=["trigger", "computed"],
)
def test_a_state_file_runs_no_code_of_its_author(tmp_path: Path, config: Path, change: str):
    """The mark of a copy would set off a trigger that fills the disk without an end."""
    path = tmp_path / "x.db"
    State(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = DELETE")
    db.executescript(change)
    db.close()
    file = forge(
        tmp_path / "b.tar.gz",
        {"state/x.db": path.read_bytes()},
        lambda facts: facts.update(schemas={"state/x.db": 1}),
    )
    with pytest.raises(BackupError, match="cannot be used"):
        prepare(file, config, sources.load(config))


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", '{"members": 1}', json.dumps(FACTS)[:-1]])
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str):
    """Brackets for a parser, and what lacks its facts."""
    content = text.encode()
    padded = content.ljust(-(-len(content) // 512) * 512, b"\0")
    with pytest.raises(BackupError, match="damaged, or no backup"):
        verify(archive(tmp_path / "b.tar.gz", (head("manifest.json", len(content)), padded)))


def test_a_disk_is_not_filled(tmp_path: Path, config: Path):
    """Room is looked for on the disk of each room before anything is unpacked."""
    homes = dict.fromkeys(("settings", "handlers", "state"), tmp_path / "none" / "yet")
    free = shutil.disk_usage(tmp_path).free
    members = [{"name": "state/a", "size": free // 2}, {"name": "handlers/b", "size": free // 2}]
    with pytest.raises(BackupError, match="Make room"):
        refuse_without_room({"members": members}, homes)
    refuse_without_room({"members": []}, homes)
    (tmp_path / "var" / "vast").touch()
    os.truncate(tmp_path / "var" / "vast", LARGEST + 1)
    contents = write_backup(tmp_path / "b.tar.gz", config, sources.load(config))
    assert "larger than 4096 MB" in contents.left_out[0]
    prepare(contents.file, config, sources.load(config))
