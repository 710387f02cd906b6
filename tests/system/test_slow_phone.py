"""A phone whose service is slow, seen from outside."""

import signal
import threading
from pathlib import Path

from tests.devices.phone.service import Answer, Request, serving
from tests.forked import PATIENCE_S
from tests.house import House, until
from tests.servers.brokers import BrokerProcess


def test_what_a_slow_service_has_said_outlives_a_stop(tmp_path: Path, mosquitto: BrokerProcess):
    """The next process does not send it again: no further attempt has read it by then."""
    may_answer = threading.Event()

    def reply(_: Request) -> Answer:
        may_answer.wait(PATIENCE_S)
        return Answer()

    with (
        serving() as slow,
        serving() as quick,
        House(tmp_path / "house", mosquitto) as house,
    ):
        slow.answer = reply
        urls = [service.url("json") for service in (slow, quick)]
        house.settings = f"[handlers.notify]\nurls = {urls}\n"
        house.start("hub", "notify")
        press = house.press()
        house.wait_outcome(press, "notify", "handler.retried")
        may_answer.set()
        said = "Sent JSON"
        until(lambda: house.log("notify").count(said) == 2, "both have answered")
        assert house.kill("notify", signal.SIGTERM) == 0
        house.start("notify")
        house.wait_outcome(press, "notify")
        assert (len(slow.got), len(quick.got)) == (1, 1)
