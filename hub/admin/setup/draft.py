"""The settings file while it is being set up: what it says, what shall change, and its writing."""

import itertools
import os
import tempfile
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from config import Settings, SettingsError
from config.reading import sources
from config.toml import toml_file
from hub.admin.setup.target import Ownership, TargetError, first_text, ownership
from hub.admin.setup.toml_edit import Changes, amended, no_tables, put, set_value
from hub.system.files import atomic_file

TABLES: Mapping[str, Any] = {  # what is asked about
    "broker": {},
    "homeassistant": {},
    "house": {},
    "quiet": {},
    "chime": {},
    "doors": {"*": {"button": {}, "led": {}}},
    "handlers": {"*": {}, "light": {"scenes": {"*": {}}}, "notify": {"recipients": {}}},
}
KEPT = 5  # earlier files


class Draft:
    """A settings file, and what shall be changed in it; nothing is written before `write`.

    Attributes:
        path: The file.
        table: What it will say.
        is_new: Whether there is none yet.

    Raises:
        TargetError: it cannot be read, or is not TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_new = not path.exists()
        self._changes: dict[tuple[str, ...], Any] = {}
        try:
            self._before = b"" if self.is_new else path.read_bytes()
            self._old = (
                first_text(path) if self.is_new else toml_file.decode(self._before, path.name)
            )
            self.table: dict[str, Any] = toml_file.parse(self._old, path.name)
        except (OSError, SettingsError) as error:
            hint = "Mend it, or move it away"
            raise TargetError(f"{path}: cannot be read: {error} {hint}") from None
        bad = next(no_tables(self.table, TABLES), None)
        if bad:
            raise TargetError(f"{path}: [{bad}] is not a table. Mend it, or move the file away")

    def get(self, *keys: str, kind: Any = str, default: Any = None) -> Any:
        """What is set at this place; the default where nothing of that kind is set."""
        here: Any = self.table
        for key in keys:
            if not isinstance(here, Mapping) or key not in here:
                return default
            here = here[key]
        return here if isinstance(here, kind) else default

    def change(self, changes: Changes) -> None:
        """Set each of these places; None leaves a setting out."""
        for keys, value in changes.items():
            if self.get(*keys, kind=object) != value:
                put(self.table, keys, value, dict, set_value)
                self._changes[keys] = value

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return self.is_new or tomllib.loads(self._old) != self.table

    def text(self) -> str:
        """The file as it will be, with its comments and whatever else is in it.

        Raises:
            TargetError: it cannot be changed without harm to the rest.
        """
        text = amended(self._old, self._changes, self.table)
        if text is None:
            fault = "it is written in a way that cannot be changed here. Nothing was changed"
            raise TargetError(f"{self.path}: {fault}")
        return text

    def read(self) -> Settings:
        """The settings as they will be.

        Raises:
            SettingsError: all faults in them.
        """
        with tempfile.TemporaryDirectory(prefix="doorbell-setup-") as folder:
            text = Path(folder) / self.path.name
            text.write_text(self.text(), encoding="utf-8")
            return sources.load(self.path, text)

    def write(self) -> Path | None:
        """Put it in place in one step, and keep the one before beside it.

        Returns:
            The path of the one before; None where there was none.

        Raises:
            TargetError: it cannot be written, or it was changed by another program meanwhile.
        """
        text = self.text().encode()
        path = self.path.resolve()
        before = None
        try:
            whose = ownership(path)
            if (path.read_bytes() if path.exists() else b"") != self._before:
                hint = "Run `doorbell setup` again"
                raise TargetError(f"{self.path}: another program has changed it meanwhile. {hint}")
            path.parent.mkdir(parents=True, exist_ok=True)
            if not self.is_new:
                before = _free_name(path)
                _replace(before, self._before, whose)
            _replace(path, text, whose)
        except OSError as error:
            fault = f"cannot be written: {error.strerror}. Nothing was changed"
            raise TargetError(f"{self.path}: {fault}") from None
        return before


def _free_name(path: Path) -> Path:
    """The name for the file of before: older ones move up, and the oldest is overwritten."""
    names = [path.with_name(f"{path.name}.before")]
    names += [path.with_name(f"{path.name}.before.{number}") for number in range(2, KEPT + 1)]
    for newer, older in reversed([*itertools.pairwise(names)]):
        if newer.exists():
            newer.replace(older)
    return names[0]


def _replace(path: Path, content: bytes, whose: Ownership) -> None:
    with atomic_file.replacement(path, whose.mode) as file:
        with suppress(PermissionError):  # only root can give files away
            os.fchown(file.fileno(), whose.uid, whose.gid)
        file.write(content)
