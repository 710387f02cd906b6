"""Events from others: a camera's, sensor's or other bell's message becomes an event of this hub, by settings alone."""

import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from config import Settings, Trigger
from config.trigger import Scalar
from hub.features.feature import Feature
from hub.mqtt.bus import Bus, Message
from hub.producer.reporter import Report, Reporter

log = logging.getLogger(__name__)
MISSING = object()
TOPICS = 1000  # under a wildcard, whose last word is remembered


class Triggers(Feature):
    """Listens to what `[triggers]` names.

    A retained message is how things were, not that something happened: it never says anything. Nor does the first
    message after a start where only changes count, because nobody knows then whether it is one.
    """

    def __init__(
        self,
        settings: Settings,
        reporter: Reporter,
        bus: Bus,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._reporter, self._seconds = settings, reporter, seconds
        self._held: dict[
            str, bool
        ] = {}  # whether a trigger's condition held at the last message of a topic
        self._said_s: dict[str, float] = {}
        self._refused: set[str] = set()
        for topic in dict.fromkeys(trigger.topic for trigger in settings.triggers.values()):
            bus.subscribe(topic, partial(self._receive, topic))

    def _receive(self, topic: str, message: Message) -> None:
        """In the network thread. Another's message has no number: what is lost on its way here was never ours."""
        value = _read(message.payload)
        for name, trigger in self._settings.triggers.items():
            if trigger.topic == topic:
                self._consider(name, trigger, message, value)
        message.ack()

    def _consider(self, name: str, trigger: Trigger, message: Message, value: Any) -> None:
        holds = trigger.when is None or _holds(trigger.when, value)
        before = self._held.get(place := f"{name} {message.topic}")
        self._held.pop(place, None)
        self._held[place] = holds
        if len(self._held) > TOPICS:
            del self._held[next(iter(self._held))]
        if message.retained or not holds or (trigger.on_change and before is not False):
            return
        wish = None
        if trigger.once_per is not None:
            found = _find(trigger.once_per, value)
            if found is MISSING or found is None:
                self._refuse(name, f"its message has no {trigger.once_per}")
                return
            wish = str(
                uuid.uuid5(uuid.NAMESPACE_URL, f"doorbell:{self._settings.hub}:{name}:{found}")
            )
        self._say(name, trigger, wish)

    def _say(self, name: str, trigger: Trigger, wish: str | None) -> None:
        now = self._seconds()
        if (wish and self._reporter.knows(wish)) or now - self._said_s.get(
            name, -trigger.every_s
        ) < trigger.every_s:
            return
        self._said_s[name] = now
        data: dict[str, Any] = {
            "name": self._settings.door_name(trigger.door),
            "via": "trigger",
            "trigger": name,
        }
        if trigger.what is not None:
            data["what"] = trigger.what
        if trigger.answer is not None:
            data |= {"answer": trigger.answer, "by": "", "press": ""}
        self._reporter.report(Report(trigger.say, trigger.door, data, datetime.now(UTC), wish))

    def _refuse(self, name: str, why: str) -> None:
        """Told once: who sends it will send it again."""
        if name not in self._refused:
            self._refused.add(name)
            log.warning("[triggers.%s] %s: it says nothing", name, why)


def _read(payload: bytes) -> Any:
    """JSON where it is some, else the text."""
    text = payload.decode(errors="replace").strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _holds(when: Scalar | Mapping[str, Scalar], value: Any) -> bool:
    if isinstance(when, Mapping):
        return all(_is(_find(path, value), wanted) for path, wanted in when.items())
    return _is(value, when)


def _find(path: str, value: Any) -> Any:
    """What stands there; a key that has dots itself goes before a way inside."""
    if isinstance(value, Mapping) and path in value:
        return value[path]
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return MISSING
        value = value[key]
    return value


def _is(found: Any, wanted: Scalar) -> bool:
    """`on` and `ON` are the same word, 1 and true are not the same thing; what a person quoted may be a number."""
    if isinstance(wanted, str):
        if isinstance(found, bool):
            return wanted.casefold() == str(found).casefold()
        return isinstance(found, str | int | float) and str(found).casefold() == wanted.casefold()
    return (type(found) is type(wanted) and found == wanted) or _are_equal_numbers(found, wanted)


def _are_equal_numbers(found: Any, wanted: Scalar) -> bool:
    numbers = isinstance(found, int | float) and isinstance(wanted, int | float)
    return (
        numbers and not isinstance(found, bool) and not isinstance(wanted, bool) and found == wanted
    )
