"""Keeps the network thread alive, whatever a callback does."""

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


def guarded(call: Callable[..., None], *arguments: object) -> None:
    """Call it; log its exception, which would end paho's thread."""
    try:
        call(*arguments)
    except Exception:
        log.exception("a bus callback failed")
