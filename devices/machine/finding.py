"""What a look at something finds: how it is, in words, and how to mend it."""

import re
from typing import Literal, NamedTuple

SMALL = 10  # below it a size has one decimal
Condition = Literal["ok", "warning", "problem", "skipped"]
SENTENCE_END = re.compile(r"(?<=[\w)'\"\]`%])\. (?=[A-Z`])")


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        state: `ok`; `warning`: it works, and may not for long; `problem`; `skipped`: it could not be looked at.
        found: What there is, or why it could not be looked at.
        mend: What to do; empty when there is nothing to do.
    """

    state: Condition
    found: str
    mend: str = ""


def ok(found: str) -> Finding:
    """As it should be."""
    return Finding("ok", found)


def skipped(why: str) -> Finding:
    """It cannot be looked at here, and nobody knows how it is."""
    return Finding("skipped", why)


def fault(text: str, otherwise: str, state: Condition = "problem") -> Finding:
    """A fault's text as a finding: its first sentence says what is wrong, the rest what to do.

    Args:
        text: As exceptions and `doorbell check` have it.
        otherwise: What to do, where the text does not say.
        state: How bad it is.
    """
    found, *rest = SENTENCE_END.split(" ".join(text.split()), maxsplit=1)
    return Finding(
        state, found.removesuffix("."), (rest[0] if rest else otherwise).removesuffix(".")
    )


def size(number: float) -> str:
    """`3 kB`, `12.5 MB`, `58 GB`: of bytes."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000 or unit == "GB":  # noqa: PLR2004 - SI
            break
        number /= 1000
    is_small = number < SMALL and unit not in ("B", "kB")
    return f"{number:.1f} {unit}" if is_small else f"{number:.0f} {unit}"


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h`, `5 d`."""
    for length, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"
