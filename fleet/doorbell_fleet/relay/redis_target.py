"""A stream of Redis or Valkey as a target: an entry for each event, with its attributes."""

import logging
import time
from collections.abc import Sequence

import redis

from doorbell_fleet.record import Record

log = logging.getLogger(__name__)
AGAIN_S = 1.0


class RedisTarget:
    """Writes to one stream, a batch in one transaction.

    How safe an entry is when `send` returns is the server's business: with `appendonly yes` and
    `appendfsync always` it is on the disk.
    """

    def __init__(self, url: str, stream: str) -> None:
        self._server = redis.Redis.from_url(url)
        self._stream = stream
        self._fault = ""

    @property
    def fault(self) -> str:
        """See Target."""
        return self._fault

    def send(self, records: Sequence[Record]) -> None:
        """See Target."""
        while not self._try(records):
            time.sleep(AGAIN_S)

    def _try(self, records: Sequence[Record]) -> bool:
        try:
            with self._server.pipeline(transaction=True) as batch:
                for record in records:
                    batch.xadd(self._stream, {**dict(record.headers), "data": record.value})
                batch.execute()
        except redis.RedisError as error:
            if not self._fault:
                log.warning("tried again for ever: %s", error)
            self._fault = str(error)
            return False
        self._fault = ""
        return True
