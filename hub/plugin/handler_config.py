"""What every handler may set, and what its settings know of the house."""

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, PrivateAttr, model_validator

from config import House, Settings
from config.faults import suggest
from config.section import Section
from hub.plugin.secret_settings import secrets_in, secrets_in_table
from hub.system.log import masking

OVERRIDDEN = frozenset({"check", "absent", "needs_settings", "speaks"})  # they are there for that


class HandlerConfig(Section):
    """The settings in `[handlers.NAME]`. Subclass it as `Config` in the handler's file.

    Attributes:
        enabled: Whether the handler is started.
        doors: Only these doors; all when not set.
        timeout_s: Seconds a reaction may take, in place of what the file says.
        max_age_s: Seconds after which an event is stale, in place of what the file says.
        needs_settings: Whether the handler is switched off until anything is set for it. Override
            it with True for a handler that is of no use without, like one for a lamp.
        speaks: Whether the handler says to the visitor what a person writes, the `answer` of
            `visitor.answered`. Override it with True: the page offers to write something then.
    """

    needs_settings: ClassVar[bool] = False
    speaks: ClassVar[bool] = False
    enabled: bool = True
    doors: list[str] | None = None
    timeout_s: float | None = Field(None, gt=0, le=3600)
    max_age_s: float | None = Field(None, gt=0)
    _settings: Settings = PrivateAttr(
        default_factory=lambda: Settings()  # noqa: PLW0108 - mypy does not take the class
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a setting that hides one of these.

        Raises:
            TypeError: it does; the text says how to mend it.
        """
        super().__pydantic_init_subclass__(**kwargs)
        if faults := list(_faults_in_names(cls)):
            raise TypeError("; ".join(faults))

    @model_validator(mode="before")
    @classmethod
    def _unfold(cls, table: Any) -> Any:
        """An environment variable holds text only: a list or table in it is JSON."""
        if not isinstance(table, dict):
            return table
        if cls.needs_settings and not table:
            return {"enabled": False}
        unfolded = {
            key: _from_text(value) if isinstance(value, str) else value
            for key, value in table.items()
        }
        masking.never_show(secrets_in_table(unfolded, cls))  # a fault may quote one
        return unfolded

    @model_validator(mode="after")
    def _keep_secrets(self) -> Self:
        """Have the secrets masked in whatever this process says, those of the defaults, too."""
        masking.never_show(secrets_in(self))
        return self

    @property
    def house(self) -> House:
        """Where the house stands: `[house]`."""
        return self._settings.house

    @property
    def hub_pins(self) -> dict[int, str]:
        """The GPIO lines (BCM numbers) that the hub uses, each with where that is set."""
        return dict(self._settings.gpio_lines())

    def check(self) -> list[str]:
        """A line for each fault that no single field can know. Override it."""
        return []

    def absent(self) -> list[str]:
        """A line for each thing that is not there now and may come, like a device. Override it.

        Only `doorbell check` shows them.
        """
        return []

    @property
    def state_dir(self) -> Path:
        """A folder where a handler may keep files."""
        return self._settings.state_dir

    @property
    def house_dir(self) -> Path:
        """The state folder of the house; every process may look into it, as for pictures."""
        return self._settings.house_dir

    @property
    def served_doors(self) -> tuple[str, ...]:
        """The doors that this handler reacts to: `doors`, or all of the house."""
        return tuple(self._settings.doors if self.doors is None else self.doors)

    def settings_of(self, handler: str) -> Mapping[str, Any]:
        """What is set for another handler, as it stands in its table; it may be faulty.

        Args:
            handler: Its name.
        """
        return self._settings.handlers.get(handler, {})

    def door_name(self, door: str) -> str:
        """The name by which people know a door."""
        return self._settings.door_name(door)

    def faults_in_doors(self, key: str, doors: Iterable[str]) -> list[str]:
        """A fault for each name that is no door of this house, for `check`.

        Args:
            key: The setting that names them.
            doors: Their names.
        """
        known = self._settings.doors
        return [
            f"{key}: there is no door {door!r}.{suggest(door, known)}"
            for door in doors
            if door not in known
        ]

    def within(self, settings: Settings) -> None:
        """Connect these settings with the house that they belong to."""
        self._settings = settings


def _faults_in_names(model: type[HandlerConfig]) -> Iterator[str]:
    """A fault for each name of HandlerConfig that a subclass uses for something else.

    It may give a field another default, and override `check`, `absent`, `needs_settings` and
    `speaks`.
    """
    for name, field in model.model_fields.items():
        common = HandlerConfig.model_fields.get(name)
        if common and field.annotation != common.annotation:
            kind = inspect.formatannotation(common.annotation)
            yield (
                f"{name}: every handler has this setting, as {kind}."
                " Give it another default only, or choose another name for yours"
            )
        elif not common and hasattr(HandlerConfig, name):
            yield f"{name}: every HandlerConfig has {name} already. Choose another name"
    classes = [base for base in model.__mro__ if base not in HandlerConfig.__mro__]
    own = {name for base in classes for name in vars(base)} - model.model_fields.keys()
    taken = {name for name in vars(HandlerConfig) if not name.startswith(("_", "model_"))}
    for name in sorted(own & taken - OVERRIDDEN):
        yield f"{name}: every HandlerConfig has {name} already. Choose another name"


def _from_text(value: str) -> Any:
    if value[:1] in ("[", "{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
