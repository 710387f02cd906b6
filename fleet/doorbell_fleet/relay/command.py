"""`doorbell-relay`: copies the events of a house into Kafka, or a stream of Redis or Valkey."""

import argparse
import logging
import signal
import sys

import hub
from doorbell_fleet.relay.relay import Relay
from doorbell_fleet.relay.target import TargetError, open_target

log = logging.getLogger("doorbell_fleet.relay")
YEAR_S = 365 * 86_400.0
EX_TEMPFAIL = 75
EX_CONFIG = 78


def main() -> None:
    """The command."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
    options = _parser().parse_args()
    try:
        target = open_target(options.to, options.topic)
        types = options.types or ["*"]
        with hub.follower(
            options.name, *types, config=options.config, since_s=options.since_s
        ) as follower:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: sys.exit())  # what is not finished comes again
            relay = Relay(follower, target, options.house)
            log.info("copies %s to %s, topic %s", " ".join(types), options.to, options.topic)
            relay.run()
    except TargetError as error:
        log.error("%s", error)  # noqa: TRY400 - it says it all
        sys.exit(EX_TEMPFAIL)
    except (ValueError, RuntimeError) as error:
        for fault in getattr(error, "faults", [str(error)]):
            log.error("%s", fault)  # noqa: TRY400 - it says it all
        sys.exit(EX_CONFIG)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="doorbell-relay", description=__doc__)
    parser.add_argument("types", nargs="*", metavar="TYPE", help="the event types; all, if none")
    parser.add_argument("--to", required=True, help="kafka://HOST:PORT[,HOST:PORT] or redis://…")
    parser.add_argument("--topic", default="doorbell", help="Kafka's topic, or the stream")
    parser.add_argument("--house", required=True, help="what this house is called in the fleet")
    parser.add_argument("--name", default="relay", help="of this process on the house's broker")
    parser.add_argument("--config", help="the settings file of the house")
    parser.add_argument(
        "--since-s",
        type=float,
        default=YEAR_S,
        help="how many seconds back the first start begins; everything there is, if not given",
    )
    return parser


if __name__ == "__main__":
    main()
