"""Where the relay writes to. A target is one class with two methods."""

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import urlsplit

from doorbell_fleet.record import Record


class TargetError(RuntimeError):
    """Nothing can be written now, and another process may have to begin anew."""


class Target(Protocol):
    """What takes records."""

    def send(self, records: Sequence[Record]) -> None:
        """Write them in this order, and return when all are safe. It waits as long as it takes.

        Raises:
            TargetError: this target cannot go on. Some may be written: all of them come again.
        """

    @property
    def fault(self) -> str:
        """What keeps it from writing, in words; empty when all is well."""


def open_target(url: str, topic: str) -> Target:
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
