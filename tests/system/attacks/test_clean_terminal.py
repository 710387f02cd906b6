"""What people see is clean: no event, reason or status changes a terminal or forges a line."""

import json
import xml.etree.ElementTree as ET

from tests.house import House, until
from tests.servers.brokers import BrokerProcess
from tests.system.commands.test_trace_commands import ask

HOSTILE = "a\n✓ forged\x1b]0;owned\x07\x9b2J\u202eb"
SHOWN = r"✓ forged\u001b]0;owned\u0007\u009b2J\u202eb"
FORGER = f"""
if event.attempt == 1:
    emit("flag.raised", {{{HOSTILE!r}: {HOSTILE!r}}})
    raise OSError({HOSTILE!r})
raise Drop({HOSTILE!r})
"""


def _assert_clean(text: str) -> None:
    lines = text.split("\n")
    assert [line for line in lines if not line.isprintable()] == []
    assert not [line for line in lines if line.startswith("✓ forged")]


def test_no_command_writes_an_event_raw(mosquitto: BrokerProcess, tmp_path):
    """Reasons, notes, data and statuses of events and dead letters, in words, JSON and SVG."""
    with House(tmp_path / "house", mosquitto) as house:
        house.write_handler("forger", FORGER, '"doorbell.pressed", backoff_s=0.01')
        house.write_handler("teller", f"return {HOSTILE!r}")
        house.start("hub", "forger", "teller", "log")
        press = house.press()
        house.wait_outcome(press, "forger", "handler.dead")
        house.wait_outcome(press, "teller")
        house.wait_outcome(press, "log")
        house.write_handler("absent", "pass")  # a running one would correct its status
        status = {"state": "failed", "detail": HOSTILE}
        house.ears.publish("doorbell/handler/absent/status", json.dumps(status), retain=True)
        for words in (
            ("events",),
            ("trace", press),
            ("dead-letters", "list"),
            ("dead-letters", "show", press),
            ("doctor",),
        ):
            shown = ask(house, *words)
            _assert_clean(shown.stdout)
            _assert_clean(shown.stderr)
            assert SHOWN in shown.stdout, words
        picture = tmp_path / "trace.svg"
        ask(house, "trace", press, "--svg", str(picture))
        text = "".join(ET.parse(picture).getroot().itertext()).replace("\xa0", " ")  # noqa: S314 - our own
        assert SHOWN in text
        for words in (("events", "--json"), ("trace", press, "--json")):
            shown = ask(house, *words)
            _assert_clean(shown.stdout)
            told = [json.loads(line)["data"] for line in shown.stdout.splitlines()]
            assert HOSTILE in [data.get("note") for data in told]
        until(lambda: HOSTILE in _reasons(house), "the reason travels as it is")


def _reasons(house: House) -> list[str]:
    return [event["data"]["reason"] for event in house.ears.events("handler.dead", "forger")]
