"""A drill on demand and the rules of its command; tests/system drills with real processes."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from config import Settings, SettingsError
from hub.cli import drill as drill_command
from hub.remote.drill import drill, roll_call, trouble
from hub.system import processes
from hub.system.processes import belongs_to
from hub.wire import topics
from tests.house import until
from tests.hub.fakes import HOUSE


def test_only_a_hub_can_drill():
    """As with a press: no consumer takes one from a handler."""
    for kind in (topics.DRILLED, topics.DRILL_FAILED):
        assert (
            topics.fault_in("doorbell/handler/evil", kind, "front")
            == "only a hub may publish an event of this type"
        )


@pytest.mark.parametrize(
    "text", ["light", "light=", "=3", "light=-1", "light=0", "light=nan", "light=inf"]
)
def test_slow_takes_a_name_and_seconds(text):
    """The error has an example."""
    assert drill_command._slowness("light=1.5") == ("light", 1.5)
    with pytest.raises(SettingsError, match="Write it like --slow record=5"):
        drill_command._slowness(text)


def test_only_a_process_of_that_handler_is_killed():
    """Statuses outlive processes and come from other machines; process IDs are reused."""
    command = ["sh", "-c", "sleep 30; :", "hub.worker", "/x/light.py"]
    with subprocess.Popen(command) as process:
        until(lambda: belongs_to(process.pid, "doorbell/handler/light"), "it has begun")
        assert not belongs_to(process.pid, "doorbell/handler/bark")
        assert not belongs_to(os.getpid(), "doorbell/handler/light")
        process.kill()
    assert not belongs_to(process.pid, "doorbell/handler/light")


def test_a_stopped_process_is_always_continued():
    """After its seconds, at the end, and when the drill is interrupted."""

    def stopped(pid):
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            == "T"
        )

    def interrupt(pid):
        with trouble.stopped({pid: 60.0}):
            until(lambda: stopped(pid), "it is stopped")
            raise KeyboardInterrupt

    with subprocess.Popen(["sleep", "30"]) as process:
        with pytest.raises(KeyboardInterrupt):
            interrupt(process.pid)
        until(lambda: not stopped(process.pid), "it goes on")
        with trouble.stopped({process.pid: 0.05}) as resume_due:
            until(lambda: resume_due() or not stopped(process.pid), "it goes on after its time")
        process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize(
    ("there", "fault"),
    [(False, "no broker at memory"), (True, "no handler has published its status on this")],
)
def test_a_drill_without_a_broker_or_a_handler_is_an_error(net, monkeypatch, there, fault):
    """Its text says what to do."""
    monkeypatch.setattr(drill, "PATIENCE_S", 0.01)
    client = drill.DrillClient(net.bus(connected=there), Settings())
    with pytest.raises(drill.DrillError, match=fault):
        client.drill("front", trouble.Trouble(), 1)


def test_the_statuses_have_their_time_after_a_slow_connection(net, monkeypatch):
    """However long it took: the silence after which all have come begins with the connection."""
    monkeypatch.setattr(roll_call, "QUIET_S", 60.0)
    client = drill.DrillClient(bus := net.bus(), Settings())
    client._roll._heard_at -= 100.0
    status = json.dumps({"state": "ready", "pid": os.getpid()}).encode()

    def broker_sends(is_quiet, _):
        assert not is_quiet()
        bus.hear(HOUSE.status("doorbell/handler/light"), status, retained=True)

    monkeypatch.setattr(drill, "wait_for", broker_sends)
    with pytest.raises(drill.DrillError, match="light: its process has ended"):
        client.drill("front", trouble.Trouble(kill=["light"]), 1)


def test_a_handler_of_another_user_is_an_error_with_a_remedy(net, monkeypatch):
    """Under systemd it runs as a user of its own."""
    client = drill.DrillClient(bus := net.bus(), Settings())
    bus.hear(
        HOUSE.status("doorbell/handler/light"),
        json.dumps({"state": "ready", "pid": 1}).encode(),
        retained=True,
    )
    monkeypatch.setattr(processes, "belongs_to", lambda *_: True)

    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr(drill.os, "kill", refuse)
    with pytest.raises(drill.DrillError, match="light: its process belongs to another user"):
        client.drill("front", trouble.Trouble(kill=["light"]), 1)
