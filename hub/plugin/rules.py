"""The rules that `@handler` takes, and what to write in place of a wrong one."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from hub.wire.event import MOST_ATTEMPTS


def faults(rules: Mapping[str, Any]) -> list[str]:
    """A line for each rule that has no value it can have, like `attempts=0: write …`.

    Args:
        rules: The arguments of `@handler`, apart from the event types.
    """
    return [
        f"{name}={value!r}: write {_RIGHT[name][1]}"
        for name, value in rules.items()
        if not _RIGHT[name][0](value)
    ]


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and not math.isnan(value)


def _is_limit(value: Any) -> bool:
    return _is_number(value) and 0 < value < math.inf


def _is_age(value: Any) -> bool:
    return value is None or (_is_number(value) and value > 0)


def _is_wait(value: Any) -> bool:
    return _is_number(value) and 0 <= value < math.inf


def _is_past(value: Any) -> bool:
    return _is_number(value) and value >= 0


def _is_count(value: Any) -> bool:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return is_whole and 1 <= value <= MOST_ATTEMPTS


def _is_choice(value: Any) -> bool:
    return isinstance(value, str) and value in ("repeat", "skip")


def _is_function(value: Any) -> bool:
    return value is None or callable(value)


_RIGHT: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "timeout_s": (_is_limit, "seconds, more than 0 and without quotes, like timeout_s=10"),
    "max_age_s": (_is_age, "seconds, more than 0 and without quotes, like max_age_s=60"),
    "attempts": (_is_count, f"a whole number from 1 to {MOST_ATTEMPTS}, like attempts=5"),
    "backoff_s": (_is_wait, "seconds, at least 0 and without quotes, like backoff_s=1"),
    "backoff_max_s": (_is_wait, "seconds, at least 0 and without quotes, like backoff_max_s=300"),
    "on_redelivery": (_is_choice, 'on_redelivery="repeat" or on_redelivery="skip"'),
    "since_s": (_is_past, "seconds, at least 0 and without quotes, like since_s=3600"),
    "uses": (_is_function, "the name of a function of (config), without quotes"),
    "drill": (_is_function, "the name of a function, without quotes"),
}
