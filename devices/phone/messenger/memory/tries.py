"""How often each notification was tried."""

from collections import Counter, OrderedDict

from devices.phone.delivery.dispatch_result import DispatchResult
from devices.phone.messenger.memory.sent_log import SentLog

MOST = 5  # where it is not known whether another attempt helps
MOST_DOUBTFUL = 20  # where the phone may have it: it may have it as often
REMEMBERED = 2000


class Tries:
    """Counts the attempts of each notification, and ends those of a phone that may never have it.

    The attempts at other phones go on meanwhile, so the count of the hub cannot end them. A new
    process goes on counting: what was under way when the old one ended may have arrived, too.

    Args:
        log: Where they are kept.
    """

    def __init__(self, log: SentLog) -> None:
        self._log = log
        self._failed: OrderedDict[str, Counter[str]] = OrderedDict()  # by event, of each phone
        self._owed: dict[str, list[str]] = {}  # by event

    def is_first(self, event_id: str) -> bool:
        """Whether no attempt was made yet, in this process: it asks all services anew."""
        return event_id not in self._failed

    def owed(self, event_id: str) -> list[str]:
        """The keys of the phones that another attempt is for."""
        return self._owed.get(event_id, [])

    def count(self, event_id: str, result: DispatchResult) -> None:
        """Count an attempt. What was tried often enough is refused in its result."""
        if result.is_complete:
            self.forget(event_id)
            return
        if event_id not in self._failed:
            self._failed[event_id] = Counter(self._log.tries(event_id))
        counted = self._failed[event_id]
        counted.update([*result.failed, *result.doubtful])
        for key in [key for key in result.failed if counted[key] >= MOST]:
            result.refused[key] = result.failed.pop(key)
        for key in [key for key in result.doubtful if counted[key] >= MOST_DOUBTFUL]:
            result.refused[key] = result.away.pop(key)
        waiting = [key for key in result.awaited if key not in result.under_way]
        self._owed[event_id] = [*result.away, *result.failed, *waiting]
        self._log.record_tries(event_id, counted + Counter(result.under_way))
        while len(self._failed) > REMEMBERED:
            self.forget(next(iter(self._failed)))

    def forget(self, event_id: str) -> None:
        """There is no further attempt, unless a person asks for it: then it is the first again."""
        self._failed.pop(event_id, None)
        self._owed.pop(event_id, None)
