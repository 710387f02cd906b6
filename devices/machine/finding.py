"""The result of a check: what was found, in words, and what to do about it."""

import re
from typing import Literal, NamedTuple

SMALL = 10  # a smaller size has one decimal
Condition = Literal["ok", "warning", "problem", "skipped"]
SENTENCE_END = re.compile(r"(?<=[\w)'\"\]`%])\. (?=[A-Z`])")


class Finding(NamedTuple):
    """The result of one check.

    Attributes:
        state: `ok`; `warning`: it works now, and may fail soon; `problem`: it does not work;
            `skipped`: it could not be checked.
        found: What was found, or why it could not be checked.
        mend: What to do; empty if there is nothing to do.
    """

    state: Condition
    found: str
    mend: str = ""


def ok(found: str) -> Finding:
    """A finding: it is as it should be."""
    return Finding("ok", found)


def skipped(why: str) -> Finding:
    """A finding: it cannot be checked here, and its state is unknown."""
    return Finding("skipped", why)


def fault(text: str, otherwise: str, state: Condition = "problem") -> Finding:
    """Turn the text of a fault into a finding.

    Args:
        text: A fault as in exceptions and `doorbell check`. Its first sentence says what is wrong,
            the others what to do.
        otherwise: What to do if the text does not say it.
        state: How bad it is.
    """
    found, *rest = SENTENCE_END.split(" ".join(text.split()), maxsplit=1)
    mend = rest[0] if rest else otherwise
    return Finding(state, found.removesuffix("."), mend.removesuffix("."))


def size(number: float) -> str:
    """A number of bytes in words: `3 kB`, `12.5 MB`, `58 GB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":  # noqa: PLR2004 - SI
            break
        number /= 1000
    is_small = number < SMALL and unit not in ("B", "kB")
    return f"{number:.1f} {unit}" if is_small else f"{number:.0f} {unit}"


def duration(seconds: float) -> str:
    """A time in words: `40 s`, `12 min`, `3 h`, `5 d`."""
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
