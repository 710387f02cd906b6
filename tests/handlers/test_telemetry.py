"""Spans of events: in memory, and at a collector that speaks OTLP over HTTP."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from config import SettingsError
from devices.collector import OtlpCollector, SpanParents
from hub.plugin.loader import SHIPPED
from hub.testing import event
from hub.wire import trace_context
from tests.house import ROOT, House, until


@contextmanager
def collector(status: int = 200) -> Iterator[tuple[int, list]]:
    """A small one: its port, and the requests that it got, decoded."""
    got = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, dict(self.headers), ExportTraceServiceRequest.FromString(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, got
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def memory():
    return InMemorySpanExporter()


@pytest.fixture
def send(shipped, memory):
    """The handler, with an exporter that keeps what it gets."""
    file = shipped("telemetry", {"enabled": True})
    function = file.reactions["*"].function
    traces = function.__globals__["Traces"](OtlpCollector(memory, "here"), SpanParents())
    return lambda *events: (
        [function(event, file.config, traces) for event in events] and memory.get_finished_spans()
    )


def follows(cause, kind, source="doorbell/handler/notify", **data):
    """An event that came of another one, a second later."""
    later = cause.time + timedelta(seconds=1)
    child = trace_context.child(cause.traceparent)
    return replace(
        event(kind, **data), source=source, cause=cause.id, traceparent=child, time=later
    )


def ids(told):
    return tuple(told.traceparent.split("-")[1:3])


def test_a_press_and_an_attempt_are_spans_of_one_trace(send):
    """Their ids are those on the wire; an attempt ends at the time of its outcome."""
    press = event(name="Front door")
    done = follows(
        press,
        "handler.done",
        handler="notify",
        type=press.type,
        attempt=1,
        took_ms=250.0,
        note="told 1",
    )
    root, attempt = send(press, done)
    for span, told in ((root, press), (attempt, done)):
        assert (f"{span.context.trace_id:032x}", f"{span.context.span_id:016x}") == ids(told)
    assert root.parent is None
    assert attempt.parent.span_id == root.context.span_id
    assert attempt.name == "notify doorbell.pressed"
    assert attempt.end_time - attempt.start_time == 250_000_000
    assert attempt.end_time == int(done.time.timestamp() * 1_000_000) * 1000
    assert root.start_time == root.end_time == int(press.time.timestamp() * 1_000_000) * 1000
    assert {
        "doorbell.door": "front",
        "doorbell.type": "doorbell.pressed",
        "doorbell.handler": "notify",
        "doorbell.attempt": 1,
        "doorbell.outcome": "done",
        "doorbell.note": "told 1",
        "messaging.message.id": done.id,
    }.items() <= dict(attempt.attributes).items()
    assert attempt.resource.attributes["service.name"] == "doorbell-notify"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("handler.dead", StatusCode.ERROR),
        ("handler.retried", StatusCode.ERROR),
        ("handler.done", StatusCode.UNSET),
        ("handler.skipped", StatusCode.UNSET),
    ],
)
def test_a_failed_attempt_is_an_error(send, kind, status):
    """The span has its reason; a skipped event is no error."""
    (span,) = send(follows(event(), kind, reason="no net"))
    assert span.status.status_code == status
    assert span.status.description == ("no net" if status == StatusCode.ERROR else None)


def test_what_follows_hangs_under_its_cause(send):
    """An unpublished cause, like a timer, is replaced by the first span of the trace."""
    press = event()
    picture = follows(press, "snapshot.taken", "doorbell/handler/record")
    shown = follows(picture, "handler.done", type="snapshot.taken")
    timer = follows(press, "clip.due", "doorbell/handler/record")  # nobody hears of it
    clip = follows(timer, "clip.recorded", "doorbell/handler/record")
    spans = {span.context.span_id: span for span in send(press, picture, shown, clip)}
    parents = {
        f"{number:016x}": f"{span.parent.span_id:016x}" if span.parent else None
        for number, span in spans.items()
    }
    assert parents == {
        ids(press)[1]: None,
        ids(picture)[1]: ids(press)[1],
        ids(shown)[1]: ids(picture)[1],
        ids(clip)[1]: ids(press)[1],
    }


def test_what_it_remembers_is_bounded(send):
    """It forgets the oldest causes; what follows from them is in their trace all the same."""
    old = event()
    send(old, *(event() for _ in range(3000)))
    *_, late = send(follows(old, "handler.done", type=old.type))
    assert late.parent is None
    assert f"{late.context.trace_id:032x}" == ids(old)[0]


def test_how_it_fares_itself_is_no_news(send):
    """Otherwise each failure to reach a collector would be one more event for it."""
    assert send(follows(event(), "handler.dead", "doorbell/handler/telemetry")) == ()


def test_a_collector_that_takes_nothing_is_tried_again_later(send, memory):
    """The handler raises, and its event is tried again."""
    memory.export = lambda _: SpanExportResult.FAILURE
    with pytest.raises(ConnectionError):
        send(event())


@pytest.mark.parametrize("endpoint", ["localhost:4318", "ftp://host", "http://"])
def test_an_address_that_is_none_is_refused(shipped, endpoint):
    """When the settings are read."""
    with pytest.raises(
        SettingsError, match=r"not an address of a collector\. Write http://HOST:4318"
    ):
        shipped("telemetry", {"endpoint": endpoint})


def test_switched_off_it_loads_nothing_and_switched_on_it_says_what_is_missing():
    """The library is an extra."""
    code = f"""
import sys
from pathlib import Path
from config import Settings, SettingsError
from hub.plugin.loader import load
class Missing:
    def find_spec(self, name, *_):
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Missing())
path = Path({str(SHIPPED / "telemetry.py")!r})
loaded = load(path, Settings()).config.enabled
print(loaded, [m for m in sys.modules if m.startswith("opentelemetry")])
try:
    load(path, Settings(handlers={{"telemetry": {{"enabled": True}}}}))
except SettingsError as error:
    print(*error.faults)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    off, on = done.stdout.splitlines()
    assert off == "False []"
    assert on == (
        "telemetry.py: [handlers.telemetry] enabled: this needs OpenTelemetry. "
        "Install it as docs/tracing.md says, or set it to false"
    )


def test_a_real_collector_gets_a_press_and_its_reactions(mosquitto, tmp_path):
    """From real processes over OTLP/HTTP: one trace, the press its root, the header with it."""
    with collector() as (port, got), House(tmp_path / "house", mosquitto) as house:
        house.settings = (
            f'[handlers.telemetry]\nenabled = true\nendpoint = "http://127.0.0.1:{port}"\n'
            'headers = { authorization = "Bearer x" }\n'
        )
        house.write_handler("one", "return 'up'")
        house.start("hub", "one", "telemetry")
        press = house.press()

        def spans():
            return {
                span.name: (span, resource.resource)
                for _, _, request in list(got)
                for resource in request.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            }

        until(
            lambda: {"doorbell.pressed", "one doorbell.pressed"} <= set(spans()),
            lambda: house.log("telemetry"),
        )
        (root, _), (attempt, resource) = (
            spans()["doorbell.pressed"],
            spans()["one doorbell.pressed"],
        )
        (said,) = [event for event in house.ears.events("doorbell.pressed") if event["id"] == press]
        assert said["traceparent"] == f"00-{root.trace_id.hex()}-{root.span_id.hex()}-01"
        assert (attempt.trace_id, attempt.parent_span_id) == (root.trace_id, root.span_id)
        assert attempt.start_time_unix_nano <= attempt.end_time_unix_nano
        assert "doorbell-one" in [attribute.value.string_value for attribute in resource.attributes]
        path, headers, _ = got[0]
        assert (path, headers["authorization"]) == ("/v1/traces", "Bearer x")
