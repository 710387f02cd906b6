"""All faults of a house at once: in its settings, its handler files, and what they name."""

import importlib.util
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config import Settings, SettingsError
from config.faults import suggest
from devices.gpio.line import INSTALL
from devices.machine import Forbidden, fault_in_state_folder, placed
from devices.speaker import fault_in_sound_file, fault_in_speaker
from hub.admin.check import answer_links, event_types
from hub.admin.check.handler_files import Inspection
from hub.mqtt.connection import credentials
from hub.plugin import loader
from hub.plugin.files import handler_name
from hub.plugin.loader import HandlerFile
from hub.process import restore_guard
from hub.system import language


@dataclass
class Report:
    """What the check found.

    Attributes:
        good: A line for each handler that can run.
        faults: A line for each fault: where, what, and what to do. It is a `Forbidden` where only
            the present user lacks the rights.
        hints: A line for each thing that is likely a mistake, and may be right.
    """

    good: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)


def check(settings: Settings, path: Path, files: Inspection | None = None) -> Report:
    """Check everything that can be checked without opening a device.

    Args:
        settings: Those of the house.
        path: The file they are in.
        files: Its handler files, where they are inspected already.
    """
    files = files or Inspection(settings)
    report = Report()
    report.faults += _faults_in_house(settings, path)
    report.faults += loader.unknown_tables(settings, path.name)
    running = []
    for name, file in sorted(loader.find(settings).items()):
        try:
            loaded = files.of(file)
        except SettingsError as error:
            is_unreadable = os.access(file, os.F_OK) and not os.access(file, os.R_OK)
            report.faults += map(Forbidden if is_unreadable else str, error.faults)
            continue
        if not loaded.config.enabled:
            report.good.append(f"{name}: switched off")
            continue
        running.append(loaded)
        report.good.append(f"{name}: reacts to {', '.join(loaded.reactions)}")
        report.faults += _faults_in_absent(loaded, files, settings)
    types = event_types.judged(running, settings)
    report.faults += types.faults
    report.hints += types.hints
    report.hints += answer_links.hints(running, settings)
    return report


def users_of(settings: Settings) -> list[str]:
    """The broker's users: the hub, the page, each handler, the command line."""
    users = [credentials.user("hub", settings.hub)]
    if settings.web.is_wanted:
        users.append(credentials.user("web", settings.hub))
    users += [
        credentials.user("handler", name)
        for name in loader.find(settings)
        if handler_name.is_name(name)
    ]
    return [*users, credentials.CLI]


def _faults_in_absent(loaded: HandlerFile, files: Inspection, settings: Settings) -> list[str]:
    try:
        found = files.absent(loaded)
        return [loader.placed(placed("", fault, "."), loaded.path, settings) for fault in found]
    except SettingsError as error:
        return list(error.faults)


def _faults_in_house(settings: Settings, path: Path) -> Iterator[str]:
    """The faults outside handler files."""
    yield from restore_guard.faults(path, settings)
    where = f"{path.name}: "
    found = (
        _faults_in_language(settings),
        _faults_in_folders(settings),
        _faults_in_chime(settings),
        _faults_in_leds(settings),
        _faults_in_broker(settings),
        _faults_in_buttons(settings),
    )
    for fault in itertools.chain.from_iterable(found):
        yield placed(where, fault)


def _faults_in_language(settings: Settings) -> Iterator[str]:
    if settings.house.language not in (known := language.known()):
        there = " or ".join(f'"{name}"' for name in known)
        yield f"[house] language: there are no words in this language. Write {there}"


def _faults_in_folders(settings: Settings) -> Iterator[str]:
    folder = settings.handlers_dir
    if "handlers_dir" in settings.model_fields_set and not folder.is_dir():
        hint = "Make it, or leave the setting out."
        yield f"handlers_dir: there is no folder {folder}. {hint}"
    if fault := fault_in_state_folder(settings.state_dir):
        yield placed("state_dir: ", fault, ".")


def _faults_in_chime(settings: Settings) -> Iterator[str]:
    """The chime is the last resort, so its faults must be found before it is needed."""
    chime = settings.chime
    if chime.speaker and (fault := fault_in_speaker(chime.speaker)):
        yield f"[chime] speaker: {fault}."
    if chime.sound and (fault := fault_in_sound_file(chime.sound)):
        yield f"[chime] sound: {fault}."


def _faults_in_leds(settings: Settings) -> Iterator[str]:
    names = loader.find(settings)
    for door, wanted in settings.doors.items():
        notified_by = wanted.led.notified_by if wanted.led else ()
        for unknown in sorted(set(notified_by) - names.keys()):
            hint = suggest(unknown, names)
            yield f"[doors.{door}.led] notified_by: there is no handler {unknown!r}.{hint}"


def _faults_in_broker(settings: Settings) -> Iterator[str]:
    for fault in credentials.faults(settings.broker, users_of(settings)):
        yield placed("[broker] ", fault, ".")


def _faults_in_buttons(settings: Settings) -> Iterator[str]:
    if importlib.util.find_spec("gpiozero") is not None:
        return
    gpio = sorted(door for door, wanted in settings.doors.items() if wanted.button.driver == "gpio")
    if gpio:
        yield f'[doors.{gpio[0]}.button] driver = "gpio" needs gpiozero. {INSTALL}.'
