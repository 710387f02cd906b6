"""The sign and the colour of each outcome, the same in every command."""

from typing import NamedTuple

WAITING = "…"


class OutcomeSign(NamedTuple):
    """How an outcome looks.

    Attributes:
        sign: One character.
        style: The colour, as rich names it.
    """

    sign: str
    style: str


DONE = OutcomeSign("✓", "green")
RETRIED = OutcomeSign("↻", "yellow")
SKIPPED = OutcomeSign("·", "dim")
FAILED = OutcomeSign("✗", "red")

# What a handler did about an event, by the type of its outcome.
BY_TYPE = {
    "handler.done": DONE,
    "handler.retried": RETRIED,
    "handler.skipped": SKIPPED,
    "handler.dead": FAILED,
}
# What a drill found at a handler. Skipped stands out here: such a handler ignores visitors, too.
BY_DRILL_RESULT = {
    "done": DONE,
    "reached": SKIPPED,
    "skipped": SKIPPED._replace(style="yellow"),
    "dead": FAILED,
    "missing": FAILED,
}
