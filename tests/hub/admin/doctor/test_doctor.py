"""`doorbell doctor`: each check is separate; those of the house run on a real broker."""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config import Settings
from config.reading import sources
from devices.machine import Finding, Forbidden, ok
from hub.admin.check.house import Report
from hub.admin.doctor import broker as broker_probe
from hub.admin.doctor import house as doctor_house
from hub.admin.doctor import processes as doctor_processes
from hub.admin.doctor.broker import Seen
from hub.admin.doctor.checks import CHECKS, Check, examine
from hub.admin.doctor.context import Context, open_context
from hub.admin.doctor.files import journals as doctor_journals
from hub.admin.doctor.files import permissions as doctor_permissions
from hub.mqtt.connection.credentials import LoginError
from hub.store.file.schema import SCHEMA_VERSION
from tests.forked import PATIENCE_S
from tests.house import ROOT, House, free_port, until
from tests.servers.brokers import BrokerProcess
from tests.servers.secured import Secured, SecuredHouse, secured_mosquitto

STRANGER = 65_533
NOBODY = 2**22 + 1  # beyond the highest process number that Linux gives (proc(5), pid_max)


def the(looked: Iterable[Finding], words: str) -> Finding:
    """The one finding with these words in it."""
    found = list(looked)
    fitting = [finding for finding in found if words in finding.found]
    assert len(fitting) == 1, found
    return fitting[0]


def states(looked: Iterable[Finding]) -> list[str]:
    return [finding.state for finding in looked]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A house with nothing in it."""
    return Context(
        sources.DEMO, Settings(state_dir=tmp_path / "state", handlers_dir=tmp_path / "none")
    )


@pytest.fixture
def on_mosquitto(mosquitto: BrokerProcess, tmp_path: Path) -> Iterator[House]:
    """A house whose shipped handlers are all switched off."""
    with House(tmp_path / "house", mosquitto) as house:
        names = ("notify", "record", "light", "bark", "log", "visit")
        house.settings = "".join(f"[handlers.{name}]\nenabled = false\n" for name in names)
        yield house


def asked(house: House) -> Context:
    """The house, its broker already looked at."""
    context = open_context(house.config)
    assert states(doctor_house.broker(context)) == ["ok", "warning"]  # without an ACL
    return context


def test_a_look_that_fails_or_hangs_hides_nothing(context: Context):
    """Of one that hangs, what it had found counts."""
    stop = threading.Event()

    def hangs(_: Context) -> Iterator[Finding]:
        yield ok("so far")
        stop.wait()

    def fails(_: Context) -> Iterator[Finding]:
        yield ok("before")
        raise ValueError("no such thing")

    def takes_its_time(_: Context) -> Iterator[Finding]:
        stop.wait(0.1)
        yield ok("fine")

    looks = {"one": hangs, "two": fails, "three": takes_its_time}
    patience_s = {"one": 0.5, "two": PATIENCE_S, "three": PATIENCE_S}
    checks = [Check(name, look, patience_s=patience_s[name]) for name, look in looks.items()]
    found = list(examine(context, checks))
    stop.set()
    assert [(check, finding.state) for check, finding in found] == [
        ("one", "ok"),
        ("one", "problem"),
        ("two", "ok"),
        ("two", "problem"),
        ("three", "ok"),
    ]
    assert found[1][1].found == "no answer within 0.5 s"
    assert found[3][1].found == "this check failed: ValueError: no such thing"


def test_without_settings_the_machine_is_looked_at(tmp_path: Path):
    """What needs them is skipped, and says so."""
    (tmp_path / "doorbell.toml").write_text("[broker\n", encoding="utf-8")
    told: dict[str, list[Finding]] = {}
    for check, finding in examine(open_context(tmp_path / "doorbell.toml")):
        told.setdefault(check, []).append(finding)
    assert set(told) == {check.name for check in CHECKS}
    assert [finding.state for finding in told["settings"]] == ["problem"]
    assert "doorbell.toml: line 1: " in told["settings"][0].found
    for check in CHECKS:
        words = [finding.found for finding in told[check.name]]
        assert (words == ["the settings cannot be read"]) == check.needs_settings, words


def test_faulty_settings_are_told_and_the_rest_is_used(tmp_path: Path):
    """Each fault with what to do; the looks go on with what is not faulty."""
    (tmp_path / "doorbell.toml").write_text(
        'state_dir = "mine"\n[broker]\nprot = 1\n[handlers.barc]\n[handlers.bark]\nvolume = 200\n',
        encoding="utf-8",
    )
    context = open_context(tmp_path / "doorbell.toml")
    assert context.settings.state_dir == tmp_path / "mine"
    found = list(doctor_house.settings(context))
    assert {"problem"} == set(states(found))
    assert all(finding.mend for finding in found)
    assert the(found, "[broker] prot: unknown key").mend == "Did you mean 'port'?"
    assert the(found, "there is no handler file barc.py").mend.startswith(
        "Did you mean [handlers.bark]"
    )
    assert the(found, "[handlers.bark] volume: must be at most 100").mend == doctor_house.SETTINGS


def test_no_broker(context: Context, tmp_path: Path):
    """Where it was looked for, and why; the processes cannot be asked, and are not called well."""
    (tmp_path / "doorbell.toml").write_text(
        f'[broker]\nhost = "127.0.0.1"\nport = {(port := free_port())}\n', "utf-8"
    )
    context = open_context(tmp_path / "doorbell.toml")
    (found,) = doctor_house.broker(context)
    assert (found.state, found.found) == (
        "problem",
        f"no broker at 127.0.0.1:{port}: Connection refused",
    )
    assert "systemctl status mosquitto" in found.mend
    assert set(states(doctor_processes.processes(context))) == {"skipped"}


def test_who_answers(broker: BrokerProcess, context: Context):
    """Its name where it says it, the version of MQTT, how quick it is, and that it has no ACL."""
    there = context.settings.broker.model_copy(update={"host": "127.0.0.1", "port": broker.port})
    context.given = context.settings.model_copy(update={"broker": there})
    began_s = time.monotonic()
    found, is_open = doctor_house.broker(context)
    took_ms = (time.monotonic() - began_s) * 1000
    assert found.state == "ok"
    assert (is_open.state, "no access control list" in is_open.found) == ("warning", True)
    words = {"mosquitto": "mosquitto version 2", "embedded": "MQTT 3.1.1"}[broker.name]
    assert words in found.found
    assert 0 < context.seen.round_trip_ms < took_ms  # however busy the machine is
    quick = f"answers within {context.seen.round_trip_ms:.1f} ms"
    assert f"without TLS, without a login, {quick}" in found.found


def test_each_address_is_looked_at(mosquitto: BrokerProcess, tmp_path: Path):
    """A node that is down is a warning while another one answers; no ACL is one for each."""
    dead, port = f"127.0.0.1:{free_port()}", mosquitto.port
    text = f'[broker]\nhost = ["{dead}", "127.0.0.1:{port}"]\n'
    (tmp_path / "doorbell.toml").write_text(text, "utf-8")
    context = open_context(tmp_path / "doorbell.toml")
    assert states(found := list(doctor_house.broker(context))) == ["ok", "warning", "warning"]
    assert found[2].found.startswith(f"no broker at {dead}")
    assert context.seen is not None


def test_the_own_broker_of_a_run_needs_no_access_list(mosquitto: BrokerProcess, tmp_path: Path):
    """It listens on this machine alone, and `doorbell secure` would not reach it."""
    port = mosquitto.port
    text = f'[broker]\nhost = "127.0.0.1"\nport = {port}\n'
    (tmp_path / "doorbell.toml").write_text(text, "utf-8")
    with socket.socket(socket.AF_UNIX) as reserved:  # as `doorbell run` marks it
        reserved.bind(f"\0doorbell-own-broker-{port}")
        assert states(doctor_house.broker(open_context(tmp_path / "doorbell.toml"))) == ["ok"]


def test_something_that_is_no_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It takes the connection, and says nothing."""
    monkeypatch.setattr(broker_probe, "ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        (tmp_path / "doorbell.toml").write_text(
            f'[broker]\nhost = "127.0.0.1"\nport = {port}\n', encoding="utf-8"
        )
        (found,) = doctor_house.broker(open_context(tmp_path / "doorbell.toml"))
    assert (found.state, found.found) == (
        "problem",
        f"127.0.0.1:{port}: it accepts the connection, but does not answer",
    )


def test_a_broker_on_no_machine(tmp_path: Path):
    """A name that nobody knows."""
    (tmp_path / "doorbell.toml").write_text('[broker]\nhost = "broker.invalid"\n', encoding="utf-8")
    (found,) = doctor_house.broker(open_context(tmp_path / "doorbell.toml"))
    words = "broker.invalid:1883: no address is known for the name 'broker.invalid' ("
    assert (found.state, found.found.startswith(words)) == ("problem", True), found
    assert found.mend == "Check host in [broker], and this machine's network"


@pytest.fixture
def secured(mosquitto_program: str, tmp_path: Path) -> Iterator[Secured]:
    """A broker that lets in whom it knows."""
    with secured_mosquitto(mosquitto_program, tmp_path, []) as secured:
        yield secured


def test_the_command_lines_login(secured: Secured, tmp_path: Path):
    """The right password, a wrong one, and none: in the words of every process."""
    with SecuredHouse(tmp_path / "house", secured) as house:
        (found,) = doctor_house.broker(open_context(house.config))
        assert (found.state, "MQTT 5.0, with TLS, as 'cli'" in found.found) == ("ok", True), found
        path = secured.folder / "passwords" / "cli"
        path.write_text("wrong\n")
        (found,) = doctor_house.broker(open_context(house.config))
        assert (found.state, "it refuses us" in found.found) == ("problem", True), found
        assert found.mend.startswith(
            "It does not know the user 'cli' with this password: run `doorbell secure`"
        )
        path.unlink()
        (found,) = doctor_house.broker(open_context(house.config))
        assert "cannot be read" in found.found
        house.broker_settings = f'host = "localhost"\nport = {secured.broker.port}\ntls = true\n'
        (found,) = doctor_house.broker(open_context(house.config))
        assert "no TLS on port" in found.found
        assert found.mend.startswith("Set port in [broker]")


def test_how_each_process_is(on_mosquitto: House):
    """Ready, failed and why, killed, never started, switched off."""
    house = on_mosquitto
    house.write_handler("good", "done(event)")
    house.write_handler("absent", "done(event)")
    (house.handlers_dir / "broken.py").write_text("def x(:\n")
    house.write_handler("killed", "done(event)")
    house.start("hub", "good", "killed")
    house.start("broken", wait=False)
    until(lambda: house.statuses("broken", "failed"), "it says why")
    house.kill("killed")
    until(lambda: house.statuses("killed", "offline"), "the broker says its will")
    found = list(doctor_processes.processes(asked(house)))
    pid = house.processes["good"].pid
    assert the(found, "good: ready (status of").found.endswith(f"process {pid}")
    assert the(found, "hub: ready (status of").state == "ok"
    assert the(found, "broken: failed: broken.py, line 1: invalid syntax").state == "problem"
    assert the(found, "killed: offline: it vanished").state == "problem"
    assert (
        the(found, "absent: has never published its status on this broker").mend
        == "`doorbell run` starts everything"
    )
    assert the(found, "bark: switched off").state == "skipped"
    assert the(found, "systemd is not running here").state == "skipped"
    shipped = list((ROOT / "handlers").glob("[a-z]*.py"))
    assert len(found) == 5 + len(shipped) + 1


@pytest.mark.parametrize("pid", [NOBODY, os.getpid()], ids=["nobody", "another"])
def test_a_status_that_outlived_its_process(on_mosquitto: House, pid: int):
    """After a power cut the broker may keep an old `ready`, and the process ID may be reused."""
    status = (
        '{"state": "ready", "reason": "", "time": "2026-11-01T00:00:00Z", '
        f'"pid": {pid}, "mqtt": "5.0"}}'
    )
    on_mosquitto.ears.publish("doorbell/hub/home/status", status, retain=True)
    found = the(doctor_processes.processes(asked(on_mosquitto)), "but not among this machine")
    assert (found.state, "if it is on another machine" in found.mend) == ("warning", True)


def test_a_process_that_is_older_than_the_update(
    on_mosquitto: House, monkeypatch: pytest.MonkeyPatch
):
    """It runs what is no longer there."""
    on_mosquitto.start("hub")
    context = asked(on_mosquitto)
    monkeypatch.setattr(doctor_processes, "installed_unix_s", lambda: time.time() + 60)
    found = the(doctor_processes.processes(context), "hub: ready, but it began before")
    assert (found.state, found.mend) == ("warning", "end `doorbell run`, and start it again")


def _stopped(house: House, name: str) -> int:
    """The number of a process that is there and does not correct its status."""
    house.processes[name].send_signal(signal.SIGSTOP)
    return house.processes[name].pid


def test_a_part_that_is_not_well(on_mosquitto: House):
    """Ready, with a note."""
    on_mosquitto.start("hub")
    pid = _stopped(on_mosquitto, "hub")
    status = (
        '{"state": "ready", "reason": "fault", "detail": "the disk is full", '
        f'"time": "2026-11-01T00:00:00Z", "pid": {pid}}}'
    )
    on_mosquitto.ears.publish("doorbell/hub/home/status", status, retain=True)
    assert (
        the(doctor_processes.processes(asked(on_mosquitto)), "hub: ready: the disk is full").state
        == "warning"
    )


@pytest.fixture
def booted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree on which systemd runs, and a systemctl that says of some units what it would."""
    root = tmp_path / "root"
    (root / "run/systemd/system").mkdir(parents=True)
    units = {
        "doorbell-hub.service": ("active", "running", "ready"),
        "doorbell-handlers.path": ("inactive", "dead", ""),
        "doorbell-handler@log.service": ("failed", "failed", "failed: no such camera"),
        "doorbell-handler@bark.service": ("activating", "auto-restart", ""),
    }
    blocks = [
        f"Id={unit}\nActiveState={active}\nSubState={sub}\nStatusText={text}\n"
        for unit, (active, sub, text) in units.items()
    ]
    (tmp_path / "said").write_text("\n".join(blocks), encoding="utf-8")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "systemctl"
    user = 'printf "LoadState=loaded\\nUser=nobody\\n"'
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *LoadState*) {user};; *) cat {tmp_path}/said;; esac\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return root


def test_what_systemd_thinks(context: Context, booted: Path):
    """Where the broker cannot be asked it is all that there is to know."""
    context.root = booted
    found = list(doctor_processes.processes(context))
    assert the(found, "hub: systemd: active (ready)").state == "ok"
    failed = the(found, "log: systemd: failed (failed: no such camera)")
    assert (failed.state, failed.mend) == (
        "problem",
        "`journalctl -eu doorbell-handler@log.service` says why",
    )
    assert the(found, "bark: systemd: activating (auto-restart)").state == "warning"
    watcher = the(found, "handler files: systemd: inactive (dead)")
    assert (watcher.state, watcher.mend) == (
        "warning",
        "sudo systemctl start doorbell-handlers.path",
    )


def test_systemd_without_our_units(context: Context, booted: Path, tmp_path: Path):
    """As on a laptop: it is said, because nothing else would tell that nobody runs."""
    context.root = booted
    (tmp_path / "said").write_text("")
    assert (
        the(doctor_processes.processes(context), "systemd has no units of doorbell").state
        == "skipped"
    )


def test_systemd_and_the_processes_own_word(on_mosquitto: House, booted: Path):
    """What both say is told once; who has said nothing is told how to start."""
    on_mosquitto.write_handler("good", "done(event)")
    on_mosquitto.start("hub")
    (booted / "proc").symlink_to("/proc")
    context = asked(on_mosquitto)
    context.root = booted
    found = list(doctor_processes.processes(context))
    assert the(found, "hub: ").found.startswith("hub: ready (status of")
    assert (
        the(found, "good: has never").mend == "sudo systemctl start doorbell-handler@good.service"
    )


def test_the_state_belongs_to_whom_the_units_run_as(context: Context, booted: Path):
    """Else none of them could write."""
    context.root = booted
    context.settings.state_dir.mkdir()
    found = the(doctor_permissions.permissions(context), "and the units run as nobody")
    assert (found.state, found.mend) == (
        "problem",
        f"sudo chown -R nobody: {context.settings.state_dir}",
    )


def test_journals_of_a_house_that_ran(on_mosquitto: House):
    """Sound, and what was given up is told; a process that holds its file is not disturbed."""
    house = on_mosquitto
    house.write_handler("bad", "raise Drop('never')")
    house.start("hub", "bad")
    house.wait_outcome(house.press(), "bad", "handler.dead")
    found = list(doctor_journals.journals(open_context(house.config)))
    assert (the(found, "hub-home.db: intact").state, the(found, "bad.db: intact").state) == (
        "ok",
        "ok",
    )
    assert f"schema {SCHEMA_VERSION}, 1 event" in the(found, "hub-home.db").found
    assert the(found, "bad.db: 1 dead letter").state == "warning"
    assert "doorbell dead-letters retry --all" in the(found, "dead letter").mend
    assert len(found) == 3


def test_events_that_nobody_has_acknowledged(on_mosquitto: House):
    """After a minute they are told, with the age of the oldest."""
    house = on_mosquitto
    house.start("hub")
    house.press()
    house.kill("hub")
    with closing(sqlite3.connect(house.state_dir / "hub-home.db")) as db, db:
        db.execute("UPDATE journal SET published = 0")
    assert states(doctor_journals.journals(open_context(house.config))) == ["ok"]
    with closing(sqlite3.connect(house.state_dir / "hub-home.db")) as db, db:
        db.execute("UPDATE journal SET time = time - 10800")
    (found,) = doctor_journals.journals(open_context(house.config))
    assert (
        found.state,
        "1 event that no broker has acknowledged, the oldest 3 h old" in found.found,
    ) == (
        "warning",
        True,
    )


def test_files_that_are_damaged(context: Context, states_of_a_hub: Path):
    """An overwritten page, no database, a newer doorbell's file; the sound one is reported, too."""
    folder = context.settings.state_dir
    sound = states_of_a_hub.read_bytes()
    (folder / "bad.db").write_bytes(sound[:4096] + b"\xff" * 4096 + sound[8192:])
    (folder / "none.db").write_bytes(b"not a database" * 1000)
    (folder / "newer.db").write_bytes(sound)
    with closing(sqlite3.connect(folder / "newer.db")) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    found = list(doctor_journals.journals(context))
    assert [finding.state for finding in found] == ["problem", "ok", "problem", "problem"]
    assert found[0].mend == found[3].mend == doctor_journals.DAMAGED
    assert "written by a newer doorbell" in found[2].found


def test_a_file_that_is_too_large_for_the_time(
    context: Context, states_of_a_hub: Path, monkeypatch
):
    """It is not called damaged, and not called sound."""
    with closing(sqlite3.connect(states_of_a_hub)) as db, db:
        db.executemany(
            "INSERT INTO memory VALUES (?, ?)", [(str(number), "x") for number in range(5000)]
        )
    monkeypatch.setattr(doctor_journals, "PATIENCE_S", 0.0)
    (found,) = doctor_journals.journals(context)
    assert (found.state, "cannot be read within 0 s" in found.found) == (
        "skipped",
        True,
    ), found


def test_a_guest_may_not_see_all(context: Context, monkeypatch: pytest.MonkeyPatch):
    """What the processes may read and a person may not is no fault of the house."""
    context.settings.state_dir.mkdir()
    text = Forbidden("doorbell.toml: state_dir: /s cannot be written by you. Change its owner.")
    monkeypatch.setattr(doctor_house, "check", lambda *_: Report(faults=[text, "x: unknown key."]))
    assert states(doctor_house.settings(context)) == ["problem", "problem"]
    monkeypatch.setattr("os.geteuid", lambda: STRANGER)
    found = list(doctor_house.settings(context))
    assert [(one.state, one.mend) for one in found] == [
        ("problem", doctor_house.SETTINGS),
        ("skipped", "sudo doorbell doctor"),
    ]
    first = "doorbell.toml: state_dir: /s cannot be written by you"
    assert found[1].found == f"1 thing that you may not see, like: {first}"


def test_what_nobody_may_read(
    context: Context, states_of_a_hub: Path, monkeypatch: pytest.MonkeyPatch
):
    """Settings, passwords and journals: skipped, and never called well."""
    monkeypatch.setattr("os.geteuid", lambda: STRANGER)
    monkeypatch.setattr("os.access", lambda *_, **__: False)
    assert [(one.state, one.mend) for one in doctor_house.settings(context)] == [
        ("skipped", "sudo doorbell doctor")
    ]
    assert [(one.state, one.mend) for one in doctor_journals.journals(context)] == [
        ("skipped", "sudo doorbell doctor")
    ]

    def refuse(*_: object) -> Seen:
        raise LoginError(
            "the password in /p/cli cannot be read (Permission denied)",
            is_forbidden=True,
        )

    monkeypatch.setattr(broker_probe, "look", refuse)
    (found,) = doctor_house.broker(context)
    assert (found.state, found.mend) == ("skipped", "sudo doorbell doctor")


def test_who_is_a_guest(context: Context, monkeypatch: pytest.MonkeyPatch):
    """Not root, not as whom the house runs, and nobody while there is no house."""
    monkeypatch.setattr("os.geteuid", lambda: STRANGER)
    assert not context.is_guest
    context.settings.state_dir.mkdir()
    assert context.is_guest
    monkeypatch.setattr("os.geteuid", lambda: context.settings.state_dir.stat().st_uid)
    assert not context.is_guest


def test_a_camera_that_is_private_is_no_trouble(on_mosquitto: House):
    """It was asked for."""
    on_mosquitto.start("hub")
    pid = _stopped(on_mosquitto, "hub")
    status = (
        '{"state": "ready", "reason": "private", '
        '"detail": "private until 16:30: nothing is seen", '
        f'"time": "2026-11-01T00:00:00Z", "pid": {pid}}}'
    )
    on_mosquitto.ears.publish("doorbell/hub/home/status", status, retain=True)
    found = the(doctor_processes.processes(asked(on_mosquitto)), "hub: ready; private until 16:30")
    assert found.state == "ok"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("broker.invalid", False),
    ],
)
def test_which_machine(host: str, *, here: bool):
    """Passwords in clear are no harm on one's own."""
    assert doctor_house._is_this_machine(host) == here


@pytest.fixture
def states_of_a_hub(context: Context) -> Path:
    """A state file as a hub leaves it, its log merged into it."""
    from hub.store.state import State  # noqa: PLC0415

    path = context.settings.state_dir / "hub.db"
    State(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode = DELETE")
    return path


def test_no_journals_yet(context: Context):
    """Nothing has run: that is neither good nor bad."""
    assert states(doctor_journals.journals(context)) == ["skipped"]
    context.settings.state_dir.mkdir()
    assert states(doctor_journals.journals(context)) == ["skipped"]


def test_a_look_at_what_rests_leaves_nothing_beside_it(context: Context):
    """SQLite would make a log and a table of locks to read a file that is not open."""
    from hub.store.state import State  # noqa: PLC0415

    folder = context.settings.state_dir
    State(folder / "hub-home.db").close()
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert states(doctor_journals.journals(context)) == ["ok"]
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_what_is_in_a_log_alone_is_seen(context: Context):
    """Whose process was killed left its newest words there."""
    from hub.store.state import State  # noqa: PLC0415

    folder = context.settings.state_dir
    running = State(folder / "hub-home.db")
    for path in list(folder.iterdir()):
        shutil.copy(path, folder / path.name.replace("hub-home", "killed"))
    assert (folder / "killed.db-wal").stat().st_size
    assert the(doctor_journals.journals(context), "killed.db: intact").state == "ok"
    running.close()


def test_a_hub_that_has_lost_its_file(on_mosquitto: House):
    """Others know its events; it is empty, or gone."""
    house = on_mosquitto
    house.write_handler("good", "done(event)")
    house.start("hub", "good")
    event = house.press()
    until(lambda: house.ears.outcomes(event, "good"), "its outcome")
    house.kill("hub")
    house.kill("good")
    context = open_context(house.config)
    assert set(states(doctor_journals.journals(context))) == {"ok"}
    own = house.state_dir / "hub-home.db"
    for path in house.state_dir.glob("hub-home.db*"):
        path.unlink()
    own.write_bytes(b"")
    found = the(doctor_journals.journals(context), "hub-home.db: empty")
    assert found.state == "problem"
    assert "doorbell restore" in found.mend
    own.unlink()
    assert (
        the(
            doctor_journals.journals(context), "hub-home.db: gone, although others have events"
        ).state
        == "problem"
    )


def test_a_disk_that_is_mounted_read_only(context: Context):
    """A dying card is; what is on it can be read all the same."""
    from hub.store.state import State  # noqa: PLC0415

    folder = context.settings.state_dir
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "tmpfs", folder]
    if os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("only root can mount a file system")
    try:
        State(folder / "hub-home.db").close()
        subprocess.run(["mount", "-o", "remount,ro", folder], check=False)
        found = list(doctor_journals.journals(context))
        assert the(found, "mounted read-only").state == "problem"
        assert the(found, "hub-home.db: intact").state == "ok"
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
