"""The query of the catch-up and its reply."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Head:
    """How far one stream goes, and after which number a consumer is owed something.

    `after` is the last sequence that the asking consumer is not owed (or that retention removed); `last` the newest.
    """

    stream: str
    epoch: str
    after: int
    last: int
