"""A range of numberings as a condition of SQL, so that a page of many is not read for all."""

from hub.wire.query import Range

ALL = Range()


def condition(within: Range) -> tuple[str, tuple[str, ...]]:
    """What follows WHERE, in a table that is keyed by stream and epoch, and its values."""
    clauses = ["1"]
    values: tuple[str, ...] = ()
    if within.after is not None:
        clauses.append("(stream, epoch) > (?, ?)")
        values += within.after
    if within.until is not None:
        clauses.append("(stream, epoch) <= (?, ?)")
        values += within.until
    return " AND ".join(clauses), values
