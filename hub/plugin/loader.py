"""Finds handler files, and loads one by its path; each fault says where, what and what to do."""

import ast
import inspect
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from config import Settings, SettingsError
from config.faults import describe
from hub.plugin.decorator import MARK, Reaction
from hub.plugin.files import author_code, handler_module, handler_name, handler_source, requirements
from hub.plugin.handler_config import HandlerConfig
from hub.plugin.policy import Policy
from hub.wire import topics

NOT_OURS = ("_", ".", "test_")
LARGEST_PARSED = 64 << 10  # bytes: each becomes a kilobyte in memory
FIRST = ("light", "bark")  # the visitor waits for these
SHIPPED = Path(__file__).parents[2] / "handlers"
SHIPPED_NAMES = ("bark", "light", "log", "notify", "record", "speak", "talk", "telemetry", "visit")


@dataclass(frozen=True, slots=True)
class HandlerFile:
    """A handler that can run.

    Attributes:
        reactions: By event type, what to run.
    """

    name: str
    path: Path
    config: HandlerConfig
    reactions: dict[str, Reaction]

    @property
    def policy(self) -> Policy:
        """Its rules, for a command that asks what its process will do."""
        return Policy(topics.source("handler", self.name), self.reactions, self.config)


def find(settings: Settings) -> dict[str, Path]:
    """All handler files by name; the user's own replace shipped ones of the same name.

    Those in FIRST come first: the order is that in which handlers are started, and brokers give a
    message to their clients in the order in which these subscribed.
    """
    files: dict[str, Path] = {}
    for folder in (SHIPPED, settings.handlers_dir):
        if folder.is_dir():
            files |= {
                path.stem: path
                for path in sorted(folder.glob("*.py"))
                if not path.name.startswith(NOT_OURS)
            }
    first = {name: files[name] for name in FIRST if name in files}
    return first | files


def is_shipped(path: Path) -> bool:
    """Whether a handler file comes with doorbell; in a checkout others may lie beside it."""
    return path.parent == SHIPPED and path.stem in SHIPPED_NAMES


def is_off(path: Path, settings: Settings) -> bool:
    """Whether a handler is switched off, by the settings or by what its file says.

    The file is read and not run. What a very large file says is known only when it is loaded.
    """
    table = settings.handlers.get(path.stem, {})
    if "enabled" in table:
        return not _is_on(table["enabled"])
    switches = {"enabled": False}
    if not table:
        switches["needs_settings"] = True
    try:
        source = handler_source.read(path)
        if len(source) > LARGEST_PARSED:
            return False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its own process tells them; here they fill the log
            nodes = ast.walk(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # loading it says what is wrong; too much nesting is one of the last two
    return any(
        isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id in switches
        and isinstance(node.value, ast.Constant)
        and bool(node.value.value) is switches[node.target.id]
        for node in nodes
    )


def _is_on(enabled: object) -> bool:
    """What a handler itself reads from this setting: `"no"` and 0 are false, too."""
    try:
        return HandlerConfig.model_validate({"enabled": enabled}).enabled
    except ValidationError:
        return True  # loading it says what is wrong


def locate(name: str, settings: Settings) -> Path:
    """The file of one handler.

    Raises:
        SettingsError: there is none.
    """
    files = find(settings)
    if name not in files:
        raise SettingsError(
            [f"{name}: no such handler file. There are: {', '.join(sorted(files))}"]
        )
    return files[name]


def unknown_tables(settings: Settings, where: str) -> list[str]:
    """`[handlers.NAME]` tables that no file belongs to."""
    from difflib import get_close_matches  # noqa: PLC0415 - for faults only

    names = sorted(find(settings))
    faults = []
    for table in sorted(settings.handlers.keys() - set(names)):
        close = get_close_matches(table, names, n=1)
        hint = (
            f"Did you mean [handlers.{close[0]}]?"
            if close
            else f"Put {table}.py into {settings.handlers_dir}."
        )
        faults.append(f"{where}: [handlers.{table}]: there is no handler file {table}.py. {hint}")
    return faults


def load(path: Path, settings: Settings) -> HandlerFile:
    """Load one handler file with its settings.

    Raises:
        SettingsError: with every fault found in the file and in its settings.
    """
    if fault := handler_name.fault_in_file(path):
        raise SettingsError([fault])
    if faults := requirements.faults(path.name, handler_source.text(path)):
        raise SettingsError(faults)
    with author_code.guarded(path):
        return _load(path, settings)


def _load(path: Path, settings: Settings) -> HandlerFile:
    name = path.stem
    module = handler_module.execute(path)
    reactions = _reactions(module)
    faults = _faults_in(path, reactions)
    model = _config_model(module, path)
    try:
        config = model.model_validate(settings.handlers.get(name, {}))
    except ValidationError as error:
        lines = settings.written.lines
        where = settings.written.name if ("handlers", name) in lines else path.name
        faults += describe(error, model, where, f"handlers.{name}", lines)
        usable = _without(error, model, settings.handlers.get(name, {}))
        raise SettingsError(
            [*faults, *(_faults_in_config(usable, path, settings) if usable else [])]
        ) from None
    if faults := [*faults, *_faults_in_config(config, path, settings)]:
        raise SettingsError(faults)
    return HandlerFile(
        name, path, config, {kind: reaction for reaction in reactions for kind in reaction.types}
    )


def _faults_in_config(config: HandlerConfig, path: Path, settings: Settings) -> list[str]:
    """Connect the settings with the house, and find the faults that no single field can know."""
    config.within(settings)
    unknown = config.faults_in_doors("doors", config.doors or ())
    faults = [placed(fault, path, settings) for fault in unknown]
    try:
        found = author_code.lines(path, config.check, "check")
    except SettingsError as error:
        return [*faults, *error.faults]
    return [*faults, *(placed(fault, path, settings) for fault in found)]


def placed(fault: str, path: Path, settings: Settings) -> str:
    """A fault in a handler's table with its place before it: that of the key where it names one.

    Args:
        fault: Its words, which may begin with a key, like `lamp: no such lamp`.
        path: The handler's file; it is the place of what the settings do not contain.
        settings: Those of the house.
    """
    written = settings.written
    lines = written.lines
    table = ("handlers", path.stem)
    number = lines.get((*table, *fault.partition(":")[0].split("."))) or lines.get(table)
    place = f"{written.name}: line {number}" if number else path.name
    return type(fault)(f"{place}: [{'.'.join(table)}] {fault}")


def _without(
    error: ValidationError, model: type[HandlerConfig], table: dict[str, Any]
) -> HandlerConfig | None:
    """The settings without the faulty keys, so that the others can be checked, too."""
    faulty = {str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]}
    try:
        return model.model_validate(
            {key: value for key, value in table.items() if key not in faulty}
        )
    except ValidationError:
        return None


def _reactions(module: ModuleType) -> list[Reaction]:
    """Those that the file itself has made; none of its other objects is asked for anything."""
    marks = (inspect.getattr_static(value, MARK, None) for value in vars(module).values())
    return [
        mark
        for mark in marks
        if isinstance(mark, Reaction)
        and getattr(mark.function, "__module__", None) == module.__name__
    ]


def _config_model(module: ModuleType, path: Path) -> type[HandlerConfig]:
    model = vars(module).get("Config", HandlerConfig)
    if not (isinstance(model, type) and issubclass(model, HandlerConfig)):
        what = "Config is not a HandlerConfig. Write: class Config(HandlerConfig):"
        raise SettingsError([f"{path.name}: {what}"])
    return model


def _faults_in(path: Path, reactions: Iterable[Reaction]) -> list[str]:
    kinds = Counter(kind for reaction in reactions for kind in reaction.types)
    one_way = "One file reacts to an event in one way"
    if not kinds:
        what = 'Put @handler("doorbell.pressed") above a function of (event, config)'
        return [f"{path.name}: no handler in it. {what}"]
    if topics.EVERY in kinds and kinds.total() > 1:
        return [f'{path.name}: "*" is every event. {one_way}: leave the other types out']
    return [
        f"{path.name}: two functions react to {kind}. {one_way}: join them"
        for kind in sorted(kinds)
        if kinds[kind] > 1
    ]
