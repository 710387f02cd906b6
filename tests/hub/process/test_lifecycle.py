"""The end of a process: in order at a signal, or for good."""

import os

import pytest

from tests.forked import PATIENCE_S
from tests.hub.fakes import python

PROGRAM = """
import sys, threading
from pathlib import Path
from hub.process.lifecycle import end_for_good, on_stop, serve

def main(settings):
    stopping = threading.Event()
    if sys.argv[2] == "ready":
        on_stop(stopping.set)
    threading.Thread(target=end_for_good, args=["there is another one"]).start()
    stopping.wait()
    print("in order", flush=True)

serve("hub", main, Path(sys.argv[1]))
"""


@pytest.mark.parametrize(("when", "printed"), [("ready", "in order\n"), ("starting", "")])
def test_a_process_that_ends_for_good_says_why_and_ends_with_78(tmp_path, when, printed):
    """In order once it is ready, else at once; from any thread."""
    config = tmp_path / "doorbell.toml"
    config.write_text("", encoding="utf-8")
    with python(PROGRAM, config, when) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == os.EX_CONFIG
    assert "ERROR hub: there is another one" in err
    assert out == printed


SIGNALS = """
import signal, sys, threading
from pathlib import Path
from hub.process.lifecycle import on_stop, serve

def main(settings):
    stopping, lock = threading.Event(), threading.Lock()

    def stop():
        with lock:
            signal.raise_signal(signal.SIGTERM)
            stopping.set()

    on_stop(stop)
    signal.raise_signal(signal.SIGTERM)
    stopping.wait()
    print("in order", flush=True)

serve("hub", main, Path(sys.argv[1]))
"""


def test_a_signal_that_comes_again_at_once_does_no_harm(tmp_path):
    """A parent that dies sends several; a process that waited for its own lock would stay."""
    config = tmp_path / "doorbell.toml"
    config.write_text("", encoding="utf-8")
    with python(SIGNALS, config) as process:
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out, err) == (0, "in order\n", "")
