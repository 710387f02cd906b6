"""The rounds of the benchmark: a bare echo, a press, and when each effect was seen."""

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.bench import floor, memory
from tests.brokers import BrokerProcess
from tests.house import Ears, House, until
from tests.lamps import ZigbeeLamp

FOUR = ("notify", "record", "light", "bark")
HANDLERS = (*FOUR, "log")
WARM_UP = 10
Call = tuple[float, bool]  # when the phone's service was called, and whether with a photo


@dataclass
class Result:
    """What was measured with one broker; times in seconds, a list a row."""

    name: str
    times: dict[str, list[float]]
    memory: str
    ready_s: float


class Outside:
    """Sees the effects over a connection each, so that none waits for another's messages."""

    def __init__(self, port: int, phone: list[Call]) -> None:
        self.presses = Ears(port, "doorbell/hub/+/event/doorbell/pressed/+")
        self.lamp = Ears(port, "zigbee2mqtt/porch/set")
        self.outcomes = Ears(port, "doorbell/handler/+/event/#")
        self.phone = phone

    def lamp_times(self) -> list[float]:
        return [at for _, __, at in list(self.lamp.heard)]

    def calls(self, *, photo: bool = False) -> list[float]:
        """When the phone's service was called with a text, or with a photo."""
        return [at for at, with_photo in list(self.phone) if with_photo is photo]

    def picture_time(self, press: str) -> float:
        """When the picture of this press was told; it is said together with the outcome."""
        pictures = [
            (load, at)
            for topic, load, at in list(self.outcomes.heard)
            if "/snapshot/taken/" in topic
        ]
        return next(at for load, at in pictures if json.loads(load)["causationid"] == press)

    def close(self) -> None:
        for ears in (self.presses, self.lamp, self.outcomes):
            ears.close()


def measure(name: str, broker: BrokerProcess, folder: Path, presses: int) -> Result:
    """Start the house, do the rounds, look at the memory."""
    with (
        House(folder / "house", broker) as house,
        _phone() as (port, hits),
        floor.echo(broker.port) as echo,
        ZigbeeLamp(broker.port) as lamp,
    ):
        house.settings = _settings(port)
        began = time.monotonic()
        house.start("hub", *HANDLERS)
        ready_s = time.monotonic() - began
        house.ears.close()
        outside = Outside(broker.port, hits)
        house.ears = Ears(broker.port, "doorbell/cli/none")
        rounds = [_round(house, outside, echo, lamp) for _ in range(presses + WARM_UP)][WARM_UP:]
        times = {row: [one[row] for one in rounds] for row in rounds[0]} | _begins(outside)
        table = memory.table({name: process.pid for name, process in house.processes.items()})
        outside.close()
    return Result(name, times, table, ready_s)


def _round(
    house: House, outside: Outside, echo: Callable[[], float], lamp: ZigbeeLamp
) -> dict[str, float]:
    lamp.by_hand(state="OFF")  # somebody has switched it off since the last round
    bare = echo()
    lamps, texts, photos = (
        len(outside.lamp_times()),
        len(outside.calls()),
        len(outside.calls(photo=True)),
    )
    press = house.send_press()
    until(
        lambda: len(outside.lamp_times()) > lamps and len(outside.calls()) > texts, "lamp and phone"
    )
    until(lambda: all(outside.outcomes.outcomes(press, name) for name in HANDLERS), "five outcomes")
    until(
        lambda: press in [one["causationid"] for one in outside.outcomes.events("snapshot.taken")],
        "the picture",
    )
    until(lambda: len(outside.calls(photo=True)) > photos, "the photo")
    event, heard_at = _heard(outside, press)
    at = datetime.fromisoformat(event["time"]).timestamp()
    lamp_at = outside.lamp_times()[lamps]
    text_at = outside.calls()[texts]
    photo_at = outside.calls(photo=True)[photos]
    picture_at = outside.picture_time(press)
    return {
        "bare paho echo: publish, broker, echo, broker, back": bare,
        "press → on the disk, and heard by another program": heard_at - at,
        "press → the lamp's state was read, and its command is heard (`light`, MQTT)": lamp_at - at,
        "press → the phone's service is called (`notify`, HTTP)": text_at - at,
        "press → the phone's service has the photo (`record`, `notify`, HTTP)": photo_at - at,
        "press → its picture is on the disk (`record`, `snapshot.taken`)": picture_at - at,
    }


def _heard(outside: Outside, press: str) -> tuple[dict, float]:
    index = next(i for i, event in enumerate(outside.presses.messages("#")) if event["id"] == press)
    return outside.presses.messages("#")[index], outside.presses.heard[index][2]


def _begins(outside: Outside) -> dict[str, list[float]]:
    """Press to the first line of each handler's function, as its outcomes say."""
    begins: dict[str, list[float]] = {f"press → first line of `{name}`": [] for name in HANDLERS}
    for event in outside.outcomes.events("handler.done")[WARM_UP * len(HANDLERS) :]:
        if event["data"]["type"] == "doorbell.pressed":
            begins[f"press → first line of `{event['data']['handler']}`"].append(
                event["data"]["started_after_ms"] / 1000
            )
    return begins


def _settings(port: int) -> str:
    return (
        f'[handlers.notify]\nurls = ["json://127.0.0.1:{port}/"]\ngroup_s = 0\n'
        '[handlers.record]\ncamera = "test"\nclip_s = 300\nmax_clip_s = 3600\n'
        '[handlers.light]\nlamp = "zigbee2mqtt:porch"\nwhen = "always"\nminutes = 60\n'
        '[handlers.bark]\nspeaker = "simulated"\n'
    )


@contextmanager
def _phone() -> Iterator[tuple[int, list[Call]]]:
    hits: list[Call] = []

    class Phone(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = time.time()
            message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hits.append((at, bool(message["attachments"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Phone) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], hits
        server.shutdown()
