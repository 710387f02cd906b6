"""What a handler file or a program may use. Everything else here may change without notice."""

import hub.system.late_modules  # noqa: F401 # isort: skip - before anything else is imported
from config.section import Section
from hub.plugin.api import checkpoint, emit, keep, later, memory
from hub.plugin.decorator import Drop, RetryAfter, handler
from hub.plugin.handler_config import HandlerConfig
from hub.plugin.house import answer_links as answers
from hub.plugin.house import page
from hub.plugin.house.device_link import link
from hub.plugin.house.quiet import quiet
from hub.plugin.picture.pictures import pictures
from hub.programs import follower, producer
from hub.wire.event import BadEvent, Event

__all__ = [
    "BadEvent",
    "Drop",
    "Event",
    "HandlerConfig",
    "RetryAfter",
    "Section",
    "answers",
    "checkpoint",
    "emit",
    "follower",
    "handler",
    "keep",
    "later",
    "link",
    "memory",
    "page",
    "pictures",
    "producer",
    "quiet",
]
