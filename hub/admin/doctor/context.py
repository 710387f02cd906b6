"""What `doorbell doctor` looks at: one house on one machine, and what the looks so far have found out about it."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from config import Settings, SettingsError, sources
from hub.admin.check.handler_files import Inspection
from hub.admin.doctor.broker import Seen
from hub.plugin import loader
from hub.plugin.handler_config import HandlerConfig
from hub.system.processes import belongs_to
from hub.wire import topics
from hub.wire.status import Status


@dataclass
class Context:
    """A house and its machine.

    Attributes:
        path: The settings file.
        given: The settings, as far as they can be used; None when not at all.
        faults: What is wrong with them.
        root: The folder that stands for `/`.
        seen: What the broker said; None before it was asked, and when it could not be.
    """

    path: Path
    given: Settings | None
    faults: list[str] = field(default_factory=list)
    root: Path = Path("/")
    seen: Seen | None = None

    @property
    def settings(self) -> Settings:
        """The settings; who asks for them must need them (see `hub.admin.doctor.checks.Check`)."""
        if self.given is None:
            raise SettingsError(["the settings cannot be read"])
        return self.given

    @property
    def is_guest(self) -> bool:
        """Whether who asks is neither root nor as whom the house runs, and so may see less than it does."""
        try:
            return os.geteuid() not in (0, self.settings.state_dir.stat().st_uid)
        except PermissionError:
            return True
        except OSError:  # it is not there yet: nobody runs
            return False

    @property
    def hub(self) -> str:
        """The hub's source."""
        return topics.source("hub", self.settings.hub)

    @cached_property
    def files(self) -> Inspection:
        """Its handler files; each look that wants them asks here, so that one that hangs does so once."""
        return Inspection(self.settings)

    @cached_property
    def reactions(self) -> dict[str, HandlerConfig]:
        """The settings of each handler that can run, by name; loading them runs the files' code."""
        found: dict[str, HandlerConfig] = {}
        for name, file in loader.find(self.settings).items():
            try:
                found[name] = self.files.of(file).config
            except SettingsError:
                continue  # told by the look at the settings
        return found

    def wanted(self, name: str) -> Any:
        """The settings of a handler that shall run; None for one that is switched off, or faulty."""
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
    from hub.mqtt.embedded_address import with_embedded_broker  # noqa: PLC0415 - only who wants a doctor waits for it

    path = sources.find(config)
    try:
        return Context(path, with_embedded_broker(sources.load(path)))
    except SettingsError as error:
        return Context(
            path, error.usable and with_embedded_broker(error.usable), list(error.faults)
        )
