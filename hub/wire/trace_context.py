"""W3C Trace Context: what follows from one press carries the press's trace id."""

import os
import re

TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def begin() -> str:
    """A new trace (https://www.w3.org/TR/trace-context/, 3.2)."""
    return f"00-{_identifier(16)}-{_identifier(8)}-01"


def child(parent: str) -> str:
    """A new span in the same trace."""
    version, trace, _, flags = parent.split("-")
    return f"{version}-{trace}-{_identifier(8)}-{flags}"


def trace_id(traceparent: str) -> str:
    """What all that follows from one press has in common."""
    return traceparent.split("-")[1]


def _identifier(size: int) -> str:
    while not any(chance := os.urandom(size)):
        pass
    return chance.hex()
