"""`doorbell handlers` says where each handler comes from."""

import json
import re
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config import Settings
from hub.admin.install.handlers.command import handlers
from hub.mqtt.bus import Bus
from hub.plugin import loader
from tests.forked import PATIENCE_S
from tests.hub.fakes import HOUSE, HUB, NOTIFY
from tests.servers.brokers import BrokerProcess


def test_a_file_of_ones_own_in_a_checkout_does_not_come_with_doorbell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It lies beside the shipped ones; its path is shown, and theirs is not."""
    folder = Path(shutil.copytree(loader.SHIPPED, tmp_path / "handlers"))
    monkeypatch.setattr(loader, "SHIPPED", folder)
    (folder / "wave.py").write_text("x = 1\n")
    config = tmp_path / "doorbell.toml"
    config.write_text('state_dir = "state"\n')
    shown = CliRunner().invoke(handlers, ["--config", str(config)]).output.splitlines()
    origins = {line.split()[0]: re.split(" {2,}", line)[1] for line in shown}
    assert origins.pop("wave") == str(folder / "wave.py")
    assert set(origins) == set(loader.SHIPPED_NAMES)
    assert set(origins.values()) == {"comes with doorbell"}


def test_a_long_reason_is_shown_to_its_end(tmp_path: Path, mosquitto: BrokerProcess):
    """The end is often what says what to do; the terminal wraps it."""
    reason = f"no camera: {'it gives no picture ' * 10}: set [camera] url"
    config = tmp_path / "doorbell.toml"
    text = f'state_dir = "state"\n[broker]\nhost = "127.0.0.1"\nport = {mosquitto.port}\n'
    config.write_text(text, encoding="utf-8")
    bus = Bus(
        Settings.model_validate({"broker": {"host": "127.0.0.1", "port": mosquitto.port}}).broker
    )
    bus.start()
    try:
        assert bus.connected.wait(PATIENCE_S)
        for place, status in (
            (HOUSE.status(HUB), {"state": "ready"}),
            (HOUSE.status(NOTIFY), {"state": "failed", "detail": reason}),
        ):
            assert bus.deliver(
                place, json.dumps(status).encode(), timeout_s=PATIENCE_S, retain=True
            )
        shown = CliRunner().invoke(handlers, ["--config", str(config)]).output.splitlines()
    finally:
        bus.stop()
    line = next(line for line in shown if line.startswith("notify "))
    assert line.endswith(f"  failed: {reason}")
