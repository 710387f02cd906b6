"""`doorbell-group NAME`: runs a handler file as one member of a consumer group."""

import argparse
import logging
import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from doorbell_fleet.group import check
from doorbell_fleet.group.member import Member
from doorbell_fleet.group.outbox import UndeliveredError
from hub.runtime import (
    HandlerFile,
    Reaction,
    SettingsError,
    find_settings,
    hasten,
    load,
    load_settings,
    locate,
    open_resources,
    with_drill,
)

log = logging.getLogger("doorbell_fleet.group")
AGAIN_S = 1.0
GONE = (psycopg.OperationalError, psycopg.InterfaceError)  # the database, or the connection
STOP_GRACE_S = 3.0


def main() -> None:
    """The command."""
    options = _parser().parse_args()
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
    try:
        file = _load(options.name, options.config)
    except SettingsError as error:
        for fault in error.faults:
            log.error("%s", fault)  # noqa: TRY400 - it says it all
        sys.exit(os.EX_CONFIG)
    if options.check:
        log.info("%s may run in a group", file.path.name)
        return
    Process(file, options).run()


class Process:
    """Runs a member; a new one when the database or Kafka was away."""

    def __init__(self, file: HandlerFile, options: argparse.Namespace) -> None:
        self._file = file
        self._options = options
        self._member: Member | None = None
        self._is_stopping = False

    def run(self) -> None:
        """Work until SIGTERM."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        reactions = with_drill(self._file.reactions)
        with ExitStack() as stack:
            resources = open_resources(stack, reactions.values(), self._file.config)
            log.info("reacts to %s", ", ".join(self._file.reactions))
            while not self._is_stopping:
                try:
                    self._work(reactions, resources)
                except (*GONE, UndeliveredError) as error:
                    log.error("begins anew: %s", str(error).partition("\n")[0])  # noqa: TRY400
                    time.sleep(AGAIN_S)

    def _work(self, reactions: dict[str, Reaction], resources: dict[Reaction, Any]) -> None:
        options = self._options
        self._member = Member(
            self._file,
            reactions,
            resources,
            servers=options.kafka,
            topic=options.topic,
            database=options.database,
            session_s=options.session_s,
        )
        try:
            if not self._is_stopping:
                self._member.run()
        finally:
            self._member.close()

    def _stop(self) -> None:
        self._is_stopping = True
        hasten(STOP_GRACE_S)
        if self._member:
            self._member.stop()


def _load(name: str, config: str | None) -> HandlerFile:
    """Load the file, which must use nothing that only a house has.

    Raises:
        SettingsError: with every fault.
    """
    settings = load_settings(find_settings(Path(config) if config else None))
    path = Path(name) if name.endswith(".py") else locate(name, settings)
    if faults := list(check.faults(path)):
        raise SettingsError(faults)
    return load(path, settings)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="doorbell-group", description=__doc__)
    parser.add_argument("name", help="the handler file's name without .py, or its path")
    parser.add_argument("--kafka", required=True, help="HOST:PORT[,HOST:PORT]")
    parser.add_argument("--topic", default="doorbell", help="that is read, and written to")
    parser.add_argument("--database", required=True, help="postgresql://USER@HOST/NAME")
    parser.add_argument("--config", help="the settings file with [handlers.NAME]")
    parser.add_argument(
        "--session-s", type=float, default=10.0, help="a dead member is noticed after so long"
    )
    parser.add_argument("--check", action="store_true", help="look at the file, and end")
    return parser


if __name__ == "__main__":
    main()
