"""What engineers read: whether it is well, and Prometheus' numbers."""

import re
import subprocess
import sys

import pytest

from hub.testing import event
from hub.web.app import build
from hub.web.metrics import tally as tally_module
from hub.web.metrics.exposition import exposition
from hub.web.metrics.tally import Tally
from tests import needs
from tests.house import ROOT
from tests.hub.web.client import Client, build_app, build_site, log_in

LOCAL = {"host": "127.0.0.1:8780", "accept": "*/*"}


def _tell(tally, kind, subject="front", **data):
    tally.note(event(kind, subject, **data))


def _done(tally, started_ms, took_ms, caused_by="doorbell.pressed"):
    more = {"handler": "bark", "type": caused_by, "attempt": 1, "redelivered": False}
    _tell(tally, "handler.done", started_after_ms=started_ms, took_ms=took_ms, **more)


@pytest.fixture
def text(tmp_path):
    """The numbers of a house in which something has happened."""
    tally = Tally()
    _tell(tally, "doorbell.pressed")
    _tell(tally, "doorbell.double_pressed", subject='ba"ck\\\n')
    for started_ms, took_ms in ((2, 1), (30, 20), (1000, 400_000)):
        _done(tally, started_ms, took_ms)
    _done(tally, 1, 1, caused_by="doorbell.drilled")
    _done(tally, 1, 1, caused_by="visitor.answered")
    _tell(tally, "handler.dead", handler="notify", type="doorbell.pressed", reason="x")
    return exposition(tally, build_site(tmp_path).house, 3).decode()


def _number(text, name):
    (found,) = re.findall(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found)


def test_what_happened_is_counted(text):
    """Presses by door, outcomes by handler; a drill is none of them."""
    assert _number(text, 'doorbell_presses_total{door="front"}') == 1
    assert _number(text, 'doorbell_outcomes_total{handler="bark",outcome="done"}') == 4
    assert _number(text, 'doorbell_outcomes_total{handler="notify",outcome="dead"}') == 1
    assert _number(text, "doorbell_page_listeners") == 3
    assert _number(text, "doorbell_journal_lag_seconds") < 60
    assert _number(text, 'doorbell_process_state{name="home",role="hub",state="offline"}') == 1


def test_the_page_itself_is_measured(text):
    """Its memory, as the kernel has it."""
    needs.own_memory()
    assert _number(text, "process_resident_memory_bytes") > 1e6


def test_invented_handlers_cost_no_memory(monkeypatch):
    """Without an access control list anybody may say what a handler did, in whatever name."""
    monkeypatch.setattr(tally_module, "MOST_COUNTED", 2)
    tally = Tally()
    for number in range(5):
        _tell(tally, "handler.dead", handler=f"{number}{'x' * 500}", type="doorbell.pressed")
    assert len(tally.outcomes) == 2
    assert max(len(handler) for handler, _ in tally.outcomes) < 100


def test_invented_doors_cost_no_memory(monkeypatch):
    """Nor at which door somebody rang; those that are known are counted on."""
    monkeypatch.setattr(tally_module, "MOST_COUNTED", 2)
    tally = Tally()
    for number in range(5):
        _tell(tally, "doorbell.pressed", subject=f"door-{number}")
    _tell(tally, "doorbell.pressed", subject="door-0")
    assert tally.presses == {"door-0": 2, "door-1": 1}


def test_how_long_reactions_to_a_press_took_is_a_histogram(text):
    """From the press to the outcome; the buckets hold all that were shorter."""
    bucket = 'doorbell_reaction_seconds_bucket{{handler="bark",le="{}"}}'
    wanted = {"0.0025": None, "0.005": 1, "0.025": 1, "0.05": 2, "300.0": 2, "+Inf": 3}
    for bound, count in wanted.items():
        assert (bucket.format(bound) in text) == (count is not None)
        assert count is None or _number(text, bucket.format(bound)) == count
    assert _number(text, 'doorbell_reaction_seconds_sum{handler="bark"}') == pytest.approx(401.053)


def test_prometheus_own_tool_finds_no_fault(text):
    """Promtool reads it, and checks the names."""
    tool = needs.find_program("promtool", "prometheus")
    done = subprocess.run(
        [tool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_without_a_login_only_this_machine_reads_it_and_only_if_it_may(tmp_path):
    """A proxy on this machine does not count as this machine, nor does a name that leads to it."""
    app = build_app(tmp_path, web={"metrics": True})
    here = Client(app, address="127.0.0.1")
    assert here.get("/metrics", **LOCAL) == 200
    assert here.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert here.get("/metrics", x_forwarded_for="127.0.0.1", **LOCAL) == 401
    assert here.get("/metrics", host="door.example", accept="*/*") == 401
    assert Client(app).get("/metrics", **LOCAL) == 401
    assert log_in(app, tmp_path).get("/metrics") == 200
    closed = build_app(tmp_path / "closed")
    assert Client(closed, address="127.0.0.1").get("/metrics", **LOCAL) == 401


def test_healthz_says_yes_or_no_and_nothing_else(tmp_path):
    """Without a login: whether there is a connection to the broker."""
    site = build_site(tmp_path)
    client = Client(build(site))
    assert (client.get("/healthz"), client.text) == (503, "no\n")
    site.bus.connected.set()
    assert (client.get("/healthz"), client.text) == (200, "yes\n")
    assert client.ask("HEAD", "/healthz") == 200


def test_its_library_is_not_loaded_before_it_is_asked_for():
    """No house pays for what it does not use."""
    code = "import sys, hub.web.server; sys.exit('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_the_book_tells_who_watches(tmp_path):
    """Each event that it takes in, which its inbox does once."""
    site = build_site(tmp_path)
    app = build(site)
    site.book.take(event("doorbell.pressed"))
    phone = log_in(app, tmp_path)
    assert phone.get("/metrics") == 200
    assert _number(phone.text, 'doorbell_presses_total{door="front"}') == 1
