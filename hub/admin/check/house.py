"""All faults of a house at once: in its settings, its handler files, and what they name."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from config import Settings, SettingsError
from config.faults import suggest
from devices.machine import fault_in_folder
from devices.speaker import fault_in_sound_file, fault_in_speaker
from hub.admin.check.handler_files import Inspection
from hub.mqtt import credentials
from hub.plugin import loader
from hub.process import restore_guard


@dataclass
class Report:
    """What the check found.

    Attributes:
        good: A line for each handler that can run.
        faults: A line for each fault: where, what, and what to do.
    """

    good: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def check(settings: Settings, path: Path, files: Inspection | None = None) -> Report:
    """Look at everything that can be looked at without opening a device.

    Args:
        settings: Those of the house.
        path: The file they are in.
        files: What has looked at its handler files already.
    """
    files = files or Inspection(settings)
    report = Report(
        faults=[*_faults_in_house(settings, path), *loader.unknown_tables(settings, path.name)]
    )
    for name, file in loader.find(settings).items():
        try:
            loaded = files.of(file)
        except SettingsError as error:
            report.faults += error.faults
        else:
            state = (
                f"reacts to {', '.join(loaded.reactions)}"
                if loaded.config.enabled
                else "switched off"
            )
            report.good.append(f"{name}: {state}")
            absent = loaded.config.absent() if loaded.config.enabled else []
            report.faults += [f"{file.name}: [handlers.{name}] {fault}." for fault in absent]
    return report


def _faults_in_house(settings: Settings, path: Path) -> Iterator[str]:
    where = path.name
    if "handlers_dir" in settings.model_fields_set and not settings.handlers_dir.is_dir():
        yield f"{where}: handlers_dir: there is no folder {settings.handlers_dir}. Make it, or leave the setting out."
    yield from restore_guard.faults(path, settings)
    if fault := fault_in_folder(settings.state_dir):
        yield f"{where}: state_dir: {fault}."
    yield from (f"{where}: {fault}." for fault in _faults_in_chime(settings))
    names = loader.find(settings)
    for door, wanted in settings.doors.items():
        for unknown in sorted(set(wanted.led.told_by if wanted.led else ()) - names.keys()):
            yield f"{where}: [doors.{door}.led] told_by: there is no handler {unknown!r}.{suggest(unknown, names)}"
    yield from (
        f"{where}: [broker] {fault}."
        for fault in credentials.faults(settings.broker, users_of(settings))
    )
    gpio = sorted(door for door, wanted in settings.doors.items() if wanted.button.driver == "gpio")
    if gpio and importlib.util.find_spec("gpiozero") is None:
        yield (
            f'{where}: [doors.{gpio[0]}.button] driver = "gpio" needs gpiozero. Install doorbell-hub[pi], or make its '
            "environment with --system-site-packages."
        )


def _faults_in_chime(settings: Settings) -> Iterator[str]:
    """It is the last resort, and must not be found missing when it is needed."""
    chime = settings.chime
    if chime.speaker and (fault := fault_in_speaker(chime.speaker)):
        yield f"[chime] speaker: {fault}"
    if chime.sound and (fault := fault_in_sound_file(chime.sound)):
        yield f"[chime] sound: {fault}"


def users_of(settings: Settings) -> list[str]:
    """Who has to log in to the broker: the hub, the page of answer links, each handler, the command line."""
    handlers = [credentials.user("handler", name) for name in loader.find(settings)]
    web = [credentials.user("web", settings.hub)] if settings.web.url else []
    return [credentials.user("hub", settings.hub), *web, *handlers, credentials.CLI]
