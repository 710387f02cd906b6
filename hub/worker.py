"""`doorbell-handler NAME`: the process of one handler file."""

import argparse
import logging
import sys
from collections.abc import Collection
from contextlib import AbstractContextManager, ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

from config import JournalSettings as Limits
from config import Settings, SettingsError
from config.faults import EX_CONFIG
from hub.consumer import dry_run
from hub.consumer.consumer import Consumer
from hub.mqtt import credentials
from hub.mqtt.bus import Bus
from hub.mqtt.status import Status, will
from hub.plugin import answer_links, loader
from hub.plugin.decorator import Reaction
from hub.plugin.device_link import link
from hub.plugin.handler_config import HandlerConfig
from hub.plugin.loader import HandlerFile
from hub.plugin.quiet import quiet
from hub.process.lifecycle import EX_TEMPFAIL, on_stop, serve
from hub.store.database import State
from hub.system import sd_notify
from hub.wire import topics

log = logging.getLogger(__name__)
FAREWELL_S = 2.0


class OpenError(RuntimeError):
    """What the handler uses (`uses=`) cannot be opened."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="doorbell-handler", description=__doc__)
    parser.add_argument("name", help="the handler file's name without .py, or its path")
    parser.add_argument("--config", type=Path, help="the settings file")
    arguments = parser.parse_args()
    name = Path(arguments.name).stem
    serve(name, lambda settings: run(arguments.name, settings), arguments.config)


def run(given: str, settings: Settings) -> None:
    """Connect, load the file, react until told to stop."""
    path = Path(given) if given.endswith(".py") else None
    name = Path(given).stem
    source = topics.source("handler", name)
    bus = Bus(settings.broker, f"doorbell-{name}", will(source), credentials.user("handler", name))
    status = Status(bus, source)
    quiet.attach(settings, bus)
    bus.start()
    try:
        file = loader.load(path or loader.locate(name, settings), settings)
    except SettingsError as error:
        _farewell(bus, status, "failed", "; ".join(error.faults))
        raise
    if not file.config.enabled:
        sd_notify.ready()  # it is all that it wants to be: who ends before that has failed to systemd
        _farewell(bus, status, "offline", "switched off by its settings")
        return
    answer_links.attach(settings)
    with closing(State(settings.state_dir / f"{file.name}.db")) as state:
        state.fallback.on_change = partial(status.note, "disk")
        try:
            _react(file, state, bus, status, source=source, limits=settings.journal)
        except OpenError as error:
            log.error("what it uses cannot be opened: %s", error)  # noqa: TRY400 - its own words say where and what
            log.debug("", exc_info=True)
            _farewell(bus, status, "failed", str(error))
            sys.exit(EX_CONFIG if isinstance(error.__cause__, ValueError) else EX_TEMPFAIL)
        _farewell(bus, status, "offline", "stopped")


def _react(
    file: HandlerFile, state: State, bus: Bus, status: Status, *, source: str, limits: Limits
) -> None:
    link.attach(bus)
    reactions = dry_run.with_drill(file.reactions)
    with ExitStack() as stack:
        try:
            resources = _open(stack, reactions.values(), file.config)
        except Exception as error:
            raise OpenError(f"{type(error).__name__}: {error}") from error
        consumer = Consumer(
            source,
            reactions=reactions,
            resources=resources,
            config=file.config,
            state=state,
            bus=bus,
            limits=limits,
        )
        on_stop(consumer.stop)
        status.set("ready")
        sd_notify.ready()
        for number, resource in enumerate({id(one): one for one in resources.values()}.values()):
            if on_trouble := getattr(resource, "on_trouble", None):
                on_trouble(partial(status.note, f"resource {number}"))
        log.info("ready: reacts to %s", ", ".join(file.reactions))
        consumer.run()
        sd_notify.stopping()


def _open(
    stack: ExitStack, reactions: Collection[Reaction], config: HandlerConfig
) -> dict[Reaction, Any]:
    """Open what the reactions use, each thing once however many use it."""
    opened: dict[Any, Any] = {}
    for reaction in reactions:
        if reaction.uses and reaction.uses not in opened:
            context: AbstractContextManager[Any] = reaction.uses(config)
            opened[reaction.uses] = stack.enter_context(context)
    return {reaction: opened[reaction.uses] for reaction in reactions if reaction.uses}


def _farewell(bus: Bus, status: Status, state: str, reason: str) -> None:
    """Leave the last word with the broker, if there is one; retained, it outlives us."""
    if bus.connected.wait(FAREWELL_S):
        status.set(state, reason)
    bus.stop()


if __name__ == "__main__":
    main()
