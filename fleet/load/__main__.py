"""`python -m fleet.load`: doors press, everything is killed, and the table says what came of it.

The events go the whole way: a producer for each house, its root on a real MQTT broker, its relay,
Kafka, the members of a group, PostgreSQL.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from fleet.load.count import Phase
from fleet.load.run import Servers, run
from fleet.load.table import Line, write
from fleet.tests.servers import kafka_server, postgres_server
from tests.needs import find_program
from tests.servers.brokers import mosquitto_broker

HOUSES = 10


def main() -> None:
    """The command; its exit status is 1 where anything was lost, doubled or turned round."""
    options = _parser().parse_args()
    lines: list[Line] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            mosquitto_broker(find_program("mosquitto"), folder) as mqtt,
            kafka_server(folder / "kafka") as kafka,
            postgres_server() as postgres,
        ):
            for doors in options.doors:
                began = time.monotonic()
                first = min(doors, options.first)
                phases = [Phase(first)] if first else []
                phases += [
                    Phase(options.presses, options.rate, has_kills=kills) for kills in (False, True)
                ]
                servers = Servers(mqtt, kafka, postgres)
                for line in run(folder, servers, options.houses, doors // options.houses, phases):
                    lines.append(line)
                    print(line, end="", flush=True)
                print(f"{doors} doors: {time.monotonic() - began:.0f} s", file=sys.stderr)
    if not all(line.is_clean for line in lines):
        sys.exit("lost, doubled or turned round: the document is left as it was")
    if options.write:
        write(options.write, lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fleet.load", description=__doc__)
    parser.add_argument("--houses", type=int, default=HOUSES)
    parser.add_argument("--doors", type=int, nargs="+", default=[10_000, 100_000], help="of all")
    parser.add_argument(
        "--first",
        type=int,
        default=100_000,
        help="how many doors ring once before, as fast as it goes",
    )
    parser.add_argument("--presses", type=int, default=6_000, help="with kills, and without")
    parser.add_argument("--rate", type=float, default=100.0, help="of these presses, a second")
    parser.add_argument("--write", type=Path, help="the document whose table is replaced")
    return parser


if __name__ == "__main__":
    main()
