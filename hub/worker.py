"""`doorbell-handler NAME`: the process of one handler file."""

import argparse
import logging
import os
import sys
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

from config import JournalSettings, Settings, SettingsError
from devices.device_error import DeviceError
from hub.consumer import dry_run
from hub.consumer.consumer import Consumer
from hub.consumer.resources import open_resources
from hub.mqtt.bus import Bus
from hub.mqtt.connection import client_ids, credentials
from hub.mqtt.status import StatusPublisher, will
from hub.plugin import loader
from hub.plugin.api import memory
from hub.plugin.files import author_code
from hub.plugin.house import answer_links, page
from hub.plugin.house.device_link import link
from hub.plugin.house.quiet import quiet
from hub.plugin.loader import HandlerFile
from hub.plugin.picture.pictures import pictures
from hub.process import load_limit
from hub.process.lifecycle import end_for_good, on_stop, serve, settle_in
from hub.store.memory import DiskMemory
from hub.store.state import State, StateError, refuse_second
from hub.system import language, sd_notify
from hub.wire import topics
from hub.wire.retained.status import ProcessState, Reason

log = logging.getLogger(__name__)
LAST_STATUS_S = 2.0
OBSERVER_NICENESS = 5  # it hears every press when the others do, and nobody waits for it


class OpenError(RuntimeError):
    """A resource of the handler (`uses=`) cannot be opened."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="doorbell-handler", description=__doc__)
    parser.add_argument("name", help="the handler file's name without .py, or its path")
    parser.add_argument("--config", type=Path, help="the settings file")
    arguments = parser.parse_args()
    name = Path(arguments.name).stem
    serve(name, lambda settings: run(arguments.name, settings), arguments.config)


def run(given: str, settings: Settings) -> None:
    """Connect, load the file, and react until the process is told to stop."""
    path = Path(given) if given.endswith(".py") else None
    name = Path(given).stem
    source = topics.source("handler", name)
    state_file = settings.state_dir / f"{name}.db"
    refuse_second(state_file)  # before it takes over the connection of the one that runs
    bus = Bus(
        settings.broker,
        client_ids.own(settings.state_dir, source, settings.broker.root),
        will(source, settings.broker.root),
        credentials.user("handler", name),
    )
    status = StatusPublisher(bus, source, end_for_good)
    quiet.attach(settings, bus)
    language.speak(settings.house.language)
    bus.start()
    try:
        file = _load(path or loader.locate(name, settings), settings, bus, status)
    except SettingsError as error:
        _end(bus, status, "failed", detail="; ".join(error.faults))
        raise
    if not file.config.enabled:
        sd_notify.ready()  # systemd counts an exit before READY as a failure
        _end(bus, status, "offline", "disabled")
        return
    status.reacts_to = tuple(file.reactions)
    status.speaks = file.config.speaks or None
    if file.config.doors is not None:
        status.doors = tuple(file.config.doors)
    if any(reaction.is_observer for reaction in file.reactions.values()):
        with suppress(OSError):  # in a sandbox; there the unit says it
            os.nice(OBSERVER_NICENESS)
    answer_links.attach(settings)
    page.attach(settings.state_dir)
    pictures.attach(bus, source, settings.hub, settings.state_dir)
    with ExitStack() as stack:
        try:
            state = stack.enter_context(closing(State(state_file)))
            state.fallback.on_change = partial(status.note, "disk")
            _react(file, state, bus, status, source=source, limits=settings.journal)
        except OpenError as error:
            log.error("what it uses cannot be opened: %s", error)  # noqa: TRY400 - it says it all
            log.debug("", exc_info=True)
            _end(bus, status, "failed", detail=str(error))
            is_for_good = isinstance(error.__cause__, ValueError)
            sys.exit(os.EX_CONFIG if is_for_good else os.EX_TEMPFAIL)
        except StateError as error:
            _end(bus, status, "failed", detail=str(error))
            raise
        _end(bus, status, "offline", "stopped")


def _load(path: Path, settings: Settings, bus: Bus, status: StatusPublisher) -> HandlerFile:
    """Load the handler file; one that takes very long is told, and in the end given up."""

    def warn(seconds: float) -> None:
        words = author_code.too_long(path, "loading it", seconds)
        log.warning("%s", words)
        status.set("starting", detail=words)

    def end(seconds: float) -> None:
        words = author_code.too_long(path, "loading it", seconds)
        _end(bus, status, "failed", detail=words)
        end_for_good(words)

    with load_limit.limited(warn, end):
        return loader.load(path, settings)


def _react(
    file: HandlerFile,
    state: State,
    bus: Bus,
    status: StatusPublisher,
    *,
    source: str,
    limits: JournalSettings,
) -> None:
    link.attach(bus)
    stored = DiskMemory(state)
    memory.attach(stored)
    reactions = dry_run.with_drill(file.reactions)
    with ExitStack() as stack:
        try:
            resources = open_resources(stack, reactions.values(), file.config)
        except DeviceError as error:
            raise OpenError(str(error)) from error
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
        different = {id(resource): resource for resource in resources.values()}
        for number, resource in enumerate(different.values()):
            if on_trouble := getattr(resource, "on_trouble", None):
                on_trouble(partial(_note_trouble, status, number, resource))
        log.info("ready: reacts to %s", ", ".join(file.reactions))
        settle_in()
        consumer.run()
        sd_notify.stopping()
        memory.attach(stored, is_closing=True)


def _note_trouble(status: StatusPublisher, number: int, resource: object, words: str) -> None:
    """Publish what is wrong with a resource; a camera that may not look now is no fault."""
    private = getattr(resource, "private", None)
    if private is not None and private():
        status.note(f"resource {number}", words, "private")
    else:
        status.note(f"resource {number}", words)


def _end(
    bus: Bus, status: StatusPublisher, state: ProcessState, reason: Reason = "", detail: str = ""
) -> None:
    """Publish the last status, if there is a broker; retained, it outlives the process."""
    if bus.connected.wait(LAST_STATUS_S):
        status.set(state, reason, detail)
    bus.stop()


if __name__ == "__main__":
    main()
