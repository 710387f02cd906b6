"""The targets of one Apprise address, each as a service of its own: one may fail alone."""

from collections.abc import Callable
from typing import Any

# One message serves all targets of these: a post that names them, or a connection with one name.
TOGETHER = {"NotifyMQTT", "NotifyMastodon", "NotifyTwitter"}
Open = Callable[[], Any]


def each_target(open_service: Open) -> list[Any]:
    """Open a service once for each of its targets.

    A service says by its length how many messages it sends, and keeps the targets in lists: people,
    channels, rooms. Each gets an object of its own, because phones are notified at the same time.

    Args:
        open_service: Makes Apprise's object of the address, a new one each time.

    Returns:
        A service for each target, in their order; the one with all of them where a message is not
        for one target.
    """
    service = open_service()
    lists = [name for name in vars(service) if _are_targets(service, name)]
    places = [(name, number) for name in lists for number in range(len(getattr(service, name)))]
    if type(service).__name__ in TOGETHER or not 1 < len(service) == len(places):
        return [service]
    services = [_with_one(open_service(), lists, *place) for place in places]
    return services if all(len(one) == 1 for one in services) else [service]


def _are_targets(service: Any, name: str) -> bool:
    """Whether each value in an attribute is one message."""
    values = getattr(service, name)
    if not isinstance(values, list) or not values:
        return False
    messages = len(service)
    setattr(service, name, [*values, *values])
    more = len(service) - messages
    setattr(service, name, values)
    return more == len(values)


def _with_one(service: Any, lists: list[str], name: str, number: int) -> Any:
    target = getattr(service, name)[number]
    for other in lists:
        setattr(service, other, [])
    setattr(service, name, [target])
    return service
