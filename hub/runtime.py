"""For programs that run handler files elsewhere, as doorbell-fleet does: the parts of a handler.

What a handler file is, its rules, and the runner that keeps them are these, at home and there.
Where its state lives is the program's own business: it brings `Records`.
"""

from config import SettingsError
from config.reading.sources import find as find_settings
from config.reading.sources import load as load_settings
from hub.consumer.deadline import hasten
from hub.consumer.dry_run import with_drill
from hub.consumer.records import Facts, Records
from hub.consumer.resources import open_resources
from hub.consumer.runner import Runner
from hub.plugin.api import Attempt
from hub.plugin.decorator import Reaction
from hub.plugin.loader import HandlerFile, load, locate
from hub.store.inbox.inbox import Delivery
from hub.system.sd_notify import Watchdog
from hub.wire.event import BadEvent, Event, decode, encode, uuid7
from hub.wire.streams import of as stream_of
from hub.wire.topics import OUTCOME_TYPES, fault_in
from hub.wire.topics import source as source_of
from hub.wire.trace_context import child as child_trace

__all__ = [
    "OUTCOME_TYPES",
    "Attempt",
    "BadEvent",
    "Delivery",
    "Event",
    "Facts",
    "HandlerFile",
    "Reaction",
    "Records",
    "Runner",
    "SettingsError",
    "Watchdog",
    "child_trace",
    "decode",
    "encode",
    "fault_in",
    "find_settings",
    "hasten",
    "load",
    "load_settings",
    "locate",
    "open_resources",
    "source_of",
    "stream_of",
    "uuid7",
    "with_drill",
]
