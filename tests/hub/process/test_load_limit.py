"""A handler file whose code never ends when it is loaded is told, and its process ends for good."""

import os
import signal

import pytest

from config import Broker
from hub.mqtt.bus import Bus
from hub.process import load_limit
from hub.wire import topics
from hub.wire.retained.status import Status
from tests.forked import PATIENCE_S
from tests.house import until
from tests.hub.fakes import python

PROGRAM = """
import sys
from hub import worker
from hub.process import load_limit
load_limit.WARN_S, load_limit.END_S = map(float, sys.argv.pop().split())
worker.main()
"""
ENDLESS = """
while True:
    try:
        {code}
    except BaseException:
        pass
"""
LATE = (
    "stuck.py: loading it takes longer than {} s. Code that waits or loops belongs in its function"
)


@pytest.fixture
def start(tmp_path, embedded):
    """Starts the process of a handler file with this text, and these limits."""
    started = []

    def run(text, limits):
        config = tmp_path / "doorbell.toml"
        broker = f'[broker]\nhost = "127.0.0.1"\nport = {embedded.port}\n'
        config.write_text(f'state_dir = "state"\n{broker}', encoding="utf-8")
        path = tmp_path / "stuck.py"
        path.write_text(text, encoding="utf-8")
        started.append(python(PROGRAM, path, "--config", config, limits))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def statuses(embedded):
    """State and detail of each status of the handler, as they come."""
    heard = []

    def hear(message):
        message.ack()
        told = Status.decode(message.payload)
        heard.append((told.state, told.detail))

    bus = Bus(Broker(host="127.0.0.1", port=embedded.port))
    bus.subscribe(bus.topics.status(topics.source("handler", "stuck")), hear)
    bus.start()
    assert bus.connected.wait(PATIENCE_S)
    yield heard
    bus.stop()


@pytest.mark.parametrize("code", ["pass", "import time; time.sleep(60)"])
def test_a_file_that_never_ends_ends_its_process_with_78(start, code, statuses):
    """Its log and its status say why; nothing that it catches helps it."""
    process = start(ENDLESS.format(code=code), "0.2 0.5")
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == os.EX_CONFIG
    assert f"WARNING stuck: {LATE.format(0.2)}" in told
    assert f"ERROR stuck: {LATE.format(0.5)}" in told
    until(lambda: ("failed", LATE.format(0.5)) in statuses, lambda: str(statuses))


def test_a_file_that_is_only_slow_is_told_and_starts(start, statuses):
    """On a slow card: what was said of it is taken back."""
    good = 'from hub import handler\n@handler("a.b")\ndef f(event, config): pass\n'
    process = start(f"import time\ntime.sleep(1)\n{good}", "0.1 60")
    until(lambda: statuses[-1:] == [("ready", "")], lambda: str(statuses))
    assert ("starting", LATE.format(0.1)) in statuses
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0


def test_the_limits_leave_time_to_a_slow_card():
    """Systemd itself waits for longer (TimeoutStartSec), so the process has the last word."""
    assert load_limit.WARN_S < load_limit.END_S < 15 * 60
