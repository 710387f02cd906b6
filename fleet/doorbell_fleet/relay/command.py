"""`doorbell-relay`: copies the events of a house into Kafka, or a stream of Redis or Valkey."""

import argparse
import logging
import os
import signal
import sys
from urllib.parse import urlsplit

import hub
from doorbell_fleet.relay.relay import Relay
from doorbell_fleet.relay.target import Target, TargetError

log = logging.getLogger("doorbell_fleet.relay")
YEAR_S = 365 * 86_400.0


def main() -> None:
    """The command."""
    logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
    options = _parser().parse_args()
    try:
        target = _open_target(options.to, options.topic)
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
        sys.exit(os.EX_TEMPFAIL)
    except (ValueError, RuntimeError) as error:
        for fault in getattr(error, "faults", [str(error)]):
            log.error("%s", fault)  # noqa: TRY400 - it says it all
        sys.exit(os.EX_CONFIG)


def _open_target(url: str, topic: str) -> Target:
    """Open a target by its address, like `kafka://localhost:9092` or `redis://localhost:6379/0`.

    Raises:
        ValueError: there is no such kind of target.
    """
    scheme = urlsplit(url).scheme
    if scheme == "kafka":
        from doorbell_fleet.relay.kafka_target import KafkaTarget  # noqa: PLC0415 - one of the two

        return KafkaTarget(urlsplit(url).netloc, topic)
    if scheme in ("redis", "rediss", "valkey"):
        from doorbell_fleet.relay.redis_target import RedisTarget  # noqa: PLC0415 - one of the two

        return RedisTarget(url.replace("valkey:", "redis:", 1), topic)
    raise ValueError(f"--to {url}: give kafka://HOST:PORT or redis://HOST:PORT/0")


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
