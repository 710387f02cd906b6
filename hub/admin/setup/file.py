"""The settings file while it is being set up: what it says, what shall change in it, and how it is written."""

import grp
import itertools
import os
import re
import stat
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import suppress
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import config
from config import Settings, SettingsError, sources
from config.places import INSTALLED, own_settings
from hub.admin.check.house import check
from hub.system.atomic_file import fsync

Changes = Mapping[tuple[str, ...], Any]
NEW = "# Written by `doorbell setup`; run it again at any time. Every setting: docs/settings.md\n"
TABLES: Mapping[str, Any] = {  # what is asked about
    "house": {},
    "quiet": {},
    "chime": {},
    "doors": {"*": {"button": {}, "led": {}}},
    "handlers": {"*": {}, "light": {"scenes": {"*": {}}}, "notify": {"recipients": {}}},
}
KEPT = 5  # files of before
GROUP = "doorbell"  # who may read the settings of an installed doorbell
STATE = Path("/var/lib/doorbell")


class TargetError(RuntimeError):
    """The settings file cannot be read or written; the text says why and what to do."""


class Draft:
    """A settings file, and what shall be changed in it; nothing is written before `write`.

    Attributes:
        path: The file.
        table: What it will say.
        is_new: Whether there is none yet.

    Raises:
        TargetError: it cannot be read, or is no TOML.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_new = not path.exists()
        try:
            self._before = b"" if self.is_new else path.read_bytes()
            self._old = _first(path) if self.is_new else self._before.decode()
            self.table: dict[str, Any] = tomllib.loads(self._old)
        except (OSError, ValueError) as error:
            raise TargetError(
                f"{path}: cannot be read: {error}. Mend it, or move it away"
            ) from None
        if bad := next(_no_tables(self.table, TABLES), None):
            raise TargetError(f"{path}: [{bad}] is no table. Mend it, or move the file away")
        self._changes: dict[tuple[str, ...], Any] = {}

    def get(self, *keys: str, kind: Any = str, default: Any = None) -> Any:
        """What is set at this place; the default where nothing is, or nothing of that kind."""
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
                _put(self.table, keys, value, dict, _replace_value)
                self._changes[keys] = value

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to write."""
        return self.is_new or tomllib.loads(self._old) != self.table

    def text(self) -> str:
        """The file as it will be, with its comments and whatever else is in it.

        Raises:
            TargetError: it cannot be done without harm to the rest.
        """
        import tomlkit  # noqa: PLC0415 - needed once, at the end

        texts = (_with_lines(self._old, self._changes), self._old)
        makes: tuple[Any, ...] = (
            tomlkit.table,
            tomlkit.inline_table,
        )  # among dotted keys only the latter is right
        for text, make, assign in itertools.product(texts, makes, (_amend, _replace_value)):
            document: Any = tomlkit.parse(text)
            for keys, value in self._changes.items():
                _put(document, keys, deepcopy(value), make, assign)
            with suppress(tomllib.TOMLDecodeError):
                if tomllib.loads(new := tomlkit.dumps(document)) == self.table:
                    return new
        raise TargetError(
            f"{self.path}: it is written in a way that cannot be changed here. Nothing was changed"
        )

    def look(self) -> tuple[Settings | None, list[str]]:
        """The settings as they will be, None where they cannot be used; and what `doorbell check` will say of them."""
        with tempfile.TemporaryDirectory(prefix="doorbell-setup-") as folder:
            text = Path(folder) / self.path.name
            text.write_text(self.text(), encoding="utf-8")
            try:
                settings = sources.load(self.path, text)
            except SettingsError as error:
                more = check(error.usable, self.path).faults if error.usable else []
                return None, [*error.faults, *more]
        return settings, check(settings, self.path).faults

    def write(self) -> Path | None:
        """Put it in place, whole or not at all; the one before is kept beside it, and its path returned.

        Raises:
            TargetError: it cannot be written, or somebody else has changed it meanwhile.
        """
        text, path = self.text().encode(), self.path.resolve()
        try:
            if (path.read_bytes() if path.exists() else b"") != self._before:
                raise TargetError(
                    f"{self.path}: somebody else has changed it meanwhile. Run `doorbell setup` again"
                )
            path.parent.mkdir(parents=True, exist_ok=True)
            before = None
            if not self.is_new:
                before = _keep(path)
                _replace(before, self._before, path)
            _replace(path, text, path)
        except OSError as error:
            raise TargetError(
                f"{self.path}: cannot be written: {error.strerror}. Nothing was changed"
            ) from None
        return before


def target(given: Path | None) -> Path:
    """The file to be written: that of the other commands, or where they will look for it.

    Raises:
        TargetError: it cannot be written by who asks; the text says who can.
    """
    asked = given or (
        Path(os.environ["DOORBELL_CONFIG"]) if os.environ.get("DOORBELL_CONFIG") else None
    )
    try:
        path = asked.absolute() if asked else sources.find()
        if path == sources.DEMO:
            is_installed = INSTALLED.parent.is_dir() or os.geteuid() == 0
            path = INSTALLED if is_installed else own_settings()
        exists = path.exists()
    except PermissionError:  # not even its folder may be looked at
        path, exists = asked or INSTALLED, True
    folder = next((one for one in path.parents if one.is_dir()), path.parent)
    real = path.resolve().parent if exists else folder
    if os.access(real, os.W_OK | os.X_OK) and (not exists or os.access(path, os.R_OK | os.W_OK)):
        return path
    if os.geteuid() == 0:
        raise TargetError(f"{path} cannot be written. Is its folder read-only?")
    option = f" --config {asked}" if asked else ""
    raise TargetError(f"{path} cannot be written by you. Run: sudo doorbell setup{option}")


def _first(path: Path) -> str:
    """What a new file begins with. Where the units are installed, it says what they need (docs/systemd.md)."""
    if path != INSTALLED:
        return NEW
    state = f'state_dir = "{STATE}"\n' if STATE.is_dir() else ""
    is_secured = (path.parent / "broker/passwords").is_dir()
    broker = (
        '\n[broker]\nhost = "localhost"\npassword_dir = "broker/passwords"\n' if is_secured else ""
    )
    return NEW + state + broker


def _no_tables(here: Any, wanted: Mapping[str, Any], place: str = "") -> Iterator[str]:
    """Where something else stands than a table."""
    if not isinstance(here, Mapping):
        yield place
        return
    for key, value in here.items():
        below = wanted.get(key, wanted.get("*"))
        if below is not None:
            yield from _no_tables(value, below, f"{place}.{key}".lstrip("."))


def _put(table: Any, keys: tuple[str, ...], value: Any, make: Any, assign: Any) -> None:
    for key in keys[:-1]:
        if key not in table:
            if value is None:
                return
            table[key] = make()
        table = table[key]
    if value is None:
        if (
            table.get(keys[-1]) is not True
        ):  # `enabled = true` says what is meant, perhaps with a person's reason
            table.pop(keys[-1], None)
    else:
        assign(table, keys[-1], value)


def _replace_value(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    table[key] = value


def _amend(table: MutableMapping[str, Any], key: str, value: Any) -> None:
    """A list item by item, for the comments between them."""
    known = table.get(key)
    if not (isinstance(known, list) and isinstance(value, list)):
        table[key] = value
        return
    for item in [one for one in known if one not in value]:
        known.remove(item)
    known.extend(item for item in value if item not in known)


def _with_lines(text: str, changes: Changes) -> str:
    """With a line for each new key of a table that has its header: in place of its example, else below the header.

    tomlkit would put it at the table's end, which may be behind the example of another table.
    """
    import tomlkit  # noqa: PLC0415

    lines, old = text.splitlines(keepends=True), tomllib.loads(text)
    for keys, value in reversed([*changes.items()]):
        here: Any = old
        for key in keys:
            here = here.get(key) if isinstance(here, Mapping) else None
        headers = [
            i
            for i, line in enumerate(lines)
            if re.match(rf"\[{re.escape('.'.join(keys[:-1]))}\]", line)
        ]
        if value is None or here is not None or len(headers) != 1:
            continue
        item = f"{keys[-1]} = {tomlkit.item(value).as_string()}"
        first = headers[0] + 1
        for i in range(first, len(lines)):
            if lines[i].startswith(("[", "# [")):
                break
            example = re.match(
                rf"# ?{re.escape(keys[-1])} = .*?(?P<comment>\s{{2,}}#.*)?$", lines[i]
            )
            if example and lines[i].rstrip("\n") in _shipped_lines():
                lines[i] = item + (example["comment"] or "") + "\n"
                break
        else:
            i = len(lines)
        if not (i < len(lines) and lines[i].startswith(item)):
            lines[first - 1] = lines[first - 1].rstrip("\n") + "\n"
            lines.insert(first, f"{item}\n")
    return "".join(lines)


@cache
def _shipped_lines() -> frozenset[str]:
    """Those of the files that come with us: any other line somebody wrote, and it stays."""
    texts = [
        path.read_text(encoding="utf-8") for path in Path(config.__file__).parent.glob("*.toml")
    ]
    return frozenset(line for text in texts for line in text.splitlines())


def _keep(path: Path) -> Path:
    """The name for what was there before; older ones move up, and the oldest goes."""
    names = [path.with_name(f"{path.name}.before{f'.{i}' * (i > 1)}") for i in range(1, KEPT + 1)]
    for newer, older in reversed([*itertools.pairwise(names)]):
        if newer.exists():
            newer.replace(older)
    return names[0]


def _replace(path: Path, data: bytes, like: Path) -> None:
    """With the owner and mode of another file; on the disk before it gets its name (rename(2))."""
    known = like.stat() if like.exists() else None
    uid, gid, mode = (
        (known.st_uid, known.st_gid, stat.S_IMODE(known.st_mode)) if known else _as_new(path)
    )
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with suppress(PermissionError):  # who is not root keeps it as their own
                os.fchown(file.fileno(), uid, gid)
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    fsync(path.parent)


def _as_new(path: Path) -> tuple[int, int, int]:
    """Owner, group and mode of a file that was not there: secrets are in it, and the units must read it."""
    if os.geteuid() == 0 and path.parent == INSTALLED.parent:
        with suppress(KeyError):
            return 0, grp.getgrnam(GROUP).gr_gid, 0o640
    return -1, -1, 0o600
