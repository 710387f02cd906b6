"""Measures a whole house on a real mosquitto: `python -m tests.bench [--write FILE]`."""

import argparse
import shutil
import tempfile
from pathlib import Path

from tests.bench import report, rounds
from tests.brokers import mosquitto_broker
from tests.house import ROOT


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--write", type=Path, help="write the report to this file, too")
    arguments = parser.parse_args()
    program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if program is None:
        raise SystemExit("mosquitto is not installed: sudo apt install mosquitto")
    ours = (ROOT / "config" / "mosquitto" / "doorbell.conf").read_text(encoding="utf-8")
    results = []
    for name, settings in (
        ("with `config/mosquitto/doorbell.conf`", ours),
        ("with its default settings", ""),
    ):
        with (
            tempfile.TemporaryDirectory() as folder,
            mosquitto_broker(program, Path(folder), settings) as broker,
        ):
            results.append(rounds.measure(name, broker, Path(folder), arguments.presses))
    text = report.write(results)
    print(text)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
