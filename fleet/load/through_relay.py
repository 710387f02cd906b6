"""The doors of one house, through its broker and its relay into Kafka, with kills of both ends."""

import signal
import statistics
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import hub
from fleet.tests.readers import make_topic, read, start
from fleet.tests.servers import Kafka
from tests.brokers import mosquitto_broker
from tests.house import until
from tests.needs import find_program

KIND = "bell.pressed"
THREADS = 16  # they share the syncs of the journal
HEAD = (
    "| doors | presses | a second | killed | lost | inversions | p50 ms | p99 ms |\n"
    + "|-" * 8
    + "|\n"
)
SETTINGS = """
state_dir = "state"
[broker]
host = "127.0.0.1"
port = {port}
[doors.front]
name = "Front door"
"""


def measure(
    folder: Path, kafka: Kafka, doors: int, presses: int, rate: float, *, kills: bool
) -> str:
    """Press, kill or not, wait until Kafka has everything; gives the line of the table."""
    folder.mkdir()
    topic = make_topic(kafka.servers, f"relay{'killed' if kills else ''}", 12)
    config = folder / "doorbell.toml"
    with mosquitto_broker(find_program("mosquitto"), folder) as broker:
        config.write_text(SETTINGS.format(port=broker.port))
        options = [KIND, "--to", f"kafka://{kafka.servers}", "--topic", topic, "--house", "street"]
        options += ["--config", config]

        def begin() -> subprocess.Popen[bytes]:
            return start("doorbell_fleet.relay.command", *options, log=folder / "relay.log")

        relay = begin()
        with hub.producer("doors", config) as street, ThreadPoolExecutor(THREADS) as pool:

            def press(number: int) -> None:
                street.publish(KIND, {"number": number}, subject=f"door{number % doors}")

            began = time.monotonic()
            ended = threading.Event()

            def press_all() -> None:
                for number in range(presses):
                    time.sleep(max(0.0, began + number / rate - time.monotonic()))
                    pool.submit(press, number)
                pool.shutdown()
                ended.set()

            threading.Thread(target=press_all).start()
            while not ended.wait(4.0):
                if kills:
                    relay.kill()
                    relay.wait()
                    relay = begin()
            took_s = time.monotonic() - began
            if kills:
                kafka.stop(signal.SIGKILL)
                kafka.start()
            until(lambda: len(read(kafka.servers, topic).first) >= presses, "all are there", 300)
        relay.kill()
        relay.wait()
    found = read(kafka.servers, topic)
    ages = sorted(
        found.written_ms[key] - event.time.timestamp() * 1000 for key, event in found.first.items()
    )
    lost = presses - len({event.data["number"] for event in found.first.values()})
    assert (lost, found.inversions) == (0, 0)
    killed = "relay, Kafka" if kills else ""
    return (
        f"| {doors} | {presses:,} | {presses / took_s:.0f} | {killed} | {lost} | {found.inversions}"
        f" | {statistics.median(ages):,.0f} | {ages[int(len(ages) * 0.99)]:,.0f} |\n"
    )
