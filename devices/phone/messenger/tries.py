"""How often each notification was tried, in this process."""

from collections import Counter, OrderedDict

from devices.phone.delivery.dispatch_result import DispatchResult

MOST = 5  # where it is not known whether another attempt helps
MOST_DOUBTFUL = 20  # where the phone may have it: it may have it as often
REMEMBERED = 2000


class Tries:
    """Counts the attempts of each notification, and ends those of a phone that may never have it.

    The attempts at other phones go on meanwhile, so the count of the hub cannot end them.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[str, Counter[str]] = OrderedDict()  # by event, of each phone
        self._owed: dict[str, list[str]] = {}  # by event

    def is_first(self, event_id: str) -> bool:
        """Whether no attempt was made yet."""
        return event_id not in self._failed

    def owed(self, event_id: str) -> list[str]:
        """The keys of the phones that another attempt is for."""
        return self._owed.get(event_id, [])

    def count(self, event_id: str, result: DispatchResult) -> None:
        """Count an attempt. What was tried often enough is refused in its result."""
        counted = self._failed.setdefault(event_id, Counter())
        counted.update([*result.failed, *result.doubtful])
        for key in [key for key in result.failed if counted[key] >= MOST]:
            result.refused[key] = result.failed.pop(key)
        for key in [key for key in result.doubtful if counted[key] >= MOST_DOUBTFUL]:
            result.refused[key] = result.away.pop(key)
        self._owed[event_id] = [*result.away, *result.failed]
        if not result.failures:
            self.forget(event_id)
        while len(self._failed) > REMEMBERED:
            self.forget(next(iter(self._failed)))

    def forget(self, event_id: str) -> None:
        """There is no further attempt, unless a person asks for it: then it is the first again."""
        self._failed.pop(event_id, None)
        self._owed.pop(event_id, None)
