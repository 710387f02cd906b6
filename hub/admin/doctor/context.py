"""What `doorbell doctor` checks: a house on a machine, and what the checks have found so far."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from config import Settings, SettingsError
from config.reading import sources
from hub.admin.check.handler_files import Inspection
from hub.admin.doctor.broker import Seen
from hub.plugin import loader
from hub.plugin.handler_config import HandlerConfig
from hub.system.processes import belongs_to
from hub.wire import topics
from hub.wire.retained.status import Status


@dataclass
class Context:
    """A house and its machine.

    Attributes:
        path: The settings file.
        given: The settings, as far as they can be used; None when not at all.
        faults: Their faults.
        root: The folder that stands for `/`.
        seen: What the broker keeps; None until it was asked, and where it could not be.
    """

    path: Path
    given: Settings | None
    faults: list[str] = field(default_factory=list)
    root: Path = Path("/")
    seen: Seen | None = None

    @property
    def settings(self) -> Settings:
        """The settings; a check that reads them says so (see `hub.admin.doctor.checks.Check`)."""
        if self.given is None:
            raise SettingsError(["the settings cannot be read"])
        return self.given

    @property
    def is_guest(self) -> bool:
        """Whether the present user is neither root nor the user of the house, and may see less."""
        try:
            return os.geteuid() not in (0, self.settings.state_dir.stat().st_uid)
        except PermissionError:
            return True
        except OSError:  # it does not exist yet: nothing has run
            return False

    @property
    def hub(self) -> str:
        """The hub's source."""
        return topics.source("hub", self.settings.hub)

    @cached_property
    def files(self) -> Inspection:
        """Its handler files, shared by all checks, so that one that hangs does so once."""
        return Inspection(self.settings)

    @cached_property
    def reactions(self) -> dict[str, HandlerConfig]:
        """The settings of each handler that can run, by name; loading them runs the files' code."""
        found: dict[str, HandlerConfig] = {}
        for name, file in loader.find(self.settings).items():
            try:
                found[name] = self.files.of(file).config
            except SettingsError:
                continue  # the check of the settings reports it
        return found

    def wanted(self, name: str) -> Any:
        """The settings of a handler; None where it is switched off, or faulty."""
        config = self.reactions.get(name)
        return config if config and config.enabled else None

    def status(self, source: str) -> Status | None:
        """What a process published of itself last; None when the broker knows nothing of it."""
        return self.seen.statuses.get(source) if self.seen else None

    def is_here(self, source: str) -> bool:
        """Whether the process that spoke last as this source still lives on this machine."""
        status = self.status(source)
        pid = status.pid if status else None
        return pid is not None and belongs_to(pid, source, self.root)

    def runs(self, source: str) -> bool:
        """Whether a process has published that it is ready, and still lives here."""
        status = self.status(source)
        return status is not None and status.state == "ready" and self.is_here(source)


def open_context(config: Path | None) -> Context:
    """The house of these settings, with whatever faults they have.

    Raises:
        SettingsError: there is no such file.
    """
    # Imported here, because other commands should not wait for it.
    from hub.mqtt.own_broker.address import with_running_broker  # noqa: PLC0415

    path = sources.find(config)
    try:
        return Context(path, with_running_broker(sources.load(path)))
    except SettingsError as error:
        usable = with_running_broker(error.usable) if error.usable else None
        return Context(path, usable, list(error.faults))
