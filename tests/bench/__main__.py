"""Measures the whole house on a real mosquitto and writes docs/benchmark.md: `python -m tests.bench`."""

import argparse
import http.server
import multiprocessing
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import floor, memory
from tests.house import BrokerProcess, House, mosquitto_broker, until

FOUR = ("notify", "record", "light", "bark")
Samples = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--write", type=Path, help="write the report to this file, too")
    arguments = parser.parse_args()
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        raise SystemExit("mosquitto is not installed: sudo apt install mosquitto")
    with tempfile.TemporaryDirectory() as folder, mosquitto_broker(program, Path(folder)) as broker:
        report = measure(broker, Path(folder), arguments.presses)
    print(report)
    if arguments.write:
        arguments.write.write_text(report, encoding="utf-8")


def measure(broker: BrokerProcess, folder: Path, presses: int) -> str:
    with House(folder / "house", broker) as house, phone() as hits, floor.echo(broker.port) as echo, lamp(house):
        house.settings = settings(hits.port)
        began = time.monotonic()
        house.start("hub", *FOUR)
        ready_s = time.monotonic() - began
        time_all = [one_round(house, hits, echo) for _ in range(presses)][max(5, presses // 20) :]
        pids = {name: process.pid for name, process in house.processes.items()}
        table = memory.table(pids)
        events = {event["id"]: event for event in house.ears.events("doorbell.pressed")}
        begins = begins_of(house, events)
    samples = {key: [row[key] for row in time_all] for key in time_all[0]}
    return report(samples, begins, table, ready_s, len(time_all))


def one_round(house: House, hits: "Hits", echo: Callable[[], float]) -> dict[str, float]:
    """One bare echo and one press, right after each other, in seconds."""
    bare = echo()
    lamps, rings = len(lamp_times(house)), len(hits.times)
    press = house.wish()
    until(lambda: len(lamp_times(house)) > lamps and len(hits.times) > rings, "lamp and phone")
    until(lambda: all(house.ears.outcomes(press, name) for name in FOUR), "four outcomes")
    (event,) = [e for e in house.ears.events("doorbell.pressed") if e["id"] == press]
    at = datetime.fromisoformat(event["time"]).timestamp()
    house_times = {"lamp": lamp_times(house)[lamps] - at, "phone": hits.times[rings] - at}
    with_fsync_only = heard_at(house, press) - at
    return {"echo": bare, "published": with_fsync_only} | house_times


def heard_at(house: House, press: str) -> float:
    return next(
        t for topic, load, t in house.ears.heard if "/event/doorbell.pressed/" in topic and press.encode() in load
    )


def lamp_times(house: House) -> list[float]:
    return [t for topic, load, t in house.ears.heard if topic == "zigbee2mqtt/porch/set"]


def begins_of(house: House, presses: dict[str, Any]) -> Samples:
    """Press to the first line of each handler's function, as the handlers say it, in seconds."""
    begins: Samples = {name: [] for name in FOUR}
    for event in house.ears.events("handler.done"):
        if event.get("causationid") in presses:
            begins[event["data"]["handler"]].append(event["data"]["started_after_ms"] / 1000)
    return begins


def settings(port: int) -> str:
    return (
        f'[handlers.notify]\nurls = ["json://127.0.0.1:{port}/"]\npicture = false\n'
        '[handlers.record]\ncamera = "test"\nclip_s = 300\n'
        '[handlers.light]\nlamp = "zigbee2mqtt:porch"\nwhen = "always"\nminutes = 60\n'
        '[handlers.bark]\nspeaker = "simulated"\n'
    )


@contextmanager
def lamp(house: House) -> Iterator[None]:
    """A lamp that answers when it is asked."""
    stop = threading.Event()

    def answer() -> None:
        answered = 0
        while not stop.wait(0.005):
            asked = sum(1 for topic, _, __ in list(house.ears.heard) if topic == "zigbee2mqtt/porch/get")
            if asked > answered:
                answered = asked
                house.ears.publish("zigbee2mqtt/porch", '{"state": "OFF"}')

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


class Hits:
    """When the phone's service was called."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.times: list[float] = []


@contextmanager
def phone() -> Iterator[Hits]:
    class Phone(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hits.times.append(time.time())
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Phone) as server:
        hits = Hits(server.server_address[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield hits
        server.shutdown()


def report(samples: Samples, begins: Samples, table: str, ready_s: float, rounds: int) -> str:
    floor_s = statistics.median(samples["echo"])
    rows = [
        ("bare paho echo: publish, broker, echo, broker, back", samples["echo"]),
        ("press → on the disk and heard by another program", samples["published"]),
        *((f"press → first line of `{name}`", begins[name]) for name in FOUR),
        ("press → the lamp's command is heard (`light`, MQTT)", samples["lamp"]),
        ("press → the phone's service is called (`notify`, HTTP)", samples["phone"]),
    ]
    lines = [
        f"| {what} | {ms(quantile(s, 50))} | {ms(quantile(s, 99))} | {quantile(s, 50) / floor_s:.1f} |"
        for what, s in rows
    ]
    return "\n".join(
        [
            "# Benchmark",
            "",
            f"Written by `make bench` on {datetime.now(UTC):%Y-%m-%d}: {rounds} rounds of one bare echo and one press right "
            "after each other, through a real mosquitto with its default settings, all four handlers running. Absolute "
            "figures depend on the machine; the ratio to the bare echo of the same run is what to compare.",
            "",
            "| what | p50 | p99 | p50 to bare echo |",
            "|-|-:|-:|-:|",
            *lines,
            "",
            f"From start to all five processes ready: {ready_s:.1f} s on {multiprocessing.cpu_count()} cores.",
            "",
            "Memory while idle after these presses, in MB (`/proc/PID/smaps_rollup`): private is what ending the process "
            "would free, proportional shares what several use.",
            "",
            table,
            "",
        ]
    )


def quantile(samples: list[float], percent: int) -> float:
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, round(len(ordered) * percent / 100))]


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


if __name__ == "__main__":
    main()
