"""What a handler file may use. Everything else in this package may change without notice."""

from config.section import Section
from hub import answers
from hub.attempt import emit, keep, later, memory
from hub.event import BadEvent, Event
from hub.handler import Drop, HandlerConfig, handler
from hub.link import link
from hub.quiet import quiet

__all__ = [
    "BadEvent",
    "Drop",
    "Event",
    "HandlerConfig",
    "Section",
    "answers",
    "emit",
    "handler",
    "keep",
    "later",
    "link",
    "memory",
    "quiet",
]
