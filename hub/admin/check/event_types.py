"""Whether anything publishes the event types that the handlers react to."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

from config import Settings
from config.faults import suggest
from hub.plugin import handler_source, loader
from hub.plugin.loader import HandlerFile
from hub.wire import topics
from hub.wire.asyncapi.event_types import EVENT_TYPES

OURS = (*topics.HUB_TYPES, *topics.OUTCOME_TYPES)  # what no handler's author may add to


def faults(files: Collection[HandlerFile], settings: Settings) -> Iterator[str]:
    """A line for each type of the hub's own that it does not publish.

    Args:
        files: The handler files that are not switched off.
        settings: Those of the house; they name times of `[clock.at]`.
    """
    times = {f"clock.{name.replace('-', '_')}" for name in settings.clock.at}
    known = {kind for kind in EVENT_TYPES if kind.startswith(OURS)} | times
    for file, kind in _reactions(files):
        if kind.startswith(OURS) and kind not in known:
            place = f'{file.path.name}: @handler("{kind}")'
            yield f"{place}: the hub publishes no such event.{suggest(kind, known)}"


def hints(files: Collection[HandlerFile], settings: Settings) -> Iterator[str]:
    """A line for each other type that no handler file here seems to emit.

    It may be right all the same: a handler on another machine may emit it, or the file may put the
    type together as it runs.
    """
    known = {kind for kind in EVENT_TYPES if not kind.startswith(OURS)}
    for path in loader.find(settings).values():
        known |= _texts(path)
    types = {kind for kind in known if topics.fault_in_type(kind) is None}
    for file, kind in _reactions(files):
        if kind.startswith(OURS) or kind in types or loader.is_shipped(file.path):
            continue
        hint = suggest(kind, types)
        if "Did you mean" not in hint:
            hint = " It waits for a handler on another machine."
        yield f"{file.name}: no handler file here emits {kind}.{hint}"


def _reactions(files: Collection[HandlerFile]) -> Iterator[tuple[HandlerFile, str]]:
    for file in files:
        for kind in file.reactions:
            if kind != topics.EVERY:
                yield file, kind


def _texts(path: Path) -> set[str]:
    """The texts in a file, apart from those in its decorators. The file is read and not run."""
    try:
        tree = ast.parse(handler_source.read(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.decorator_list.clear()
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
