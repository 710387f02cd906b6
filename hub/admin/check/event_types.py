"""Whether anything publishes the event types that the handlers react to."""

import ast
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from config import Settings
from config.faults import suggest
from hub.plugin import loader
from hub.plugin.files import handler_source
from hub.plugin.loader import HandlerFile
from hub.wire import topics
from hub.wire.asyncapi.event_types import EVENT_TYPES

# difflib's ratio, of 1: `door` and `bell` are other words than `doorbell`.
CLOSE_WORD = 0.8
CLOSE = 0.85
ALIKE = 0.75
OURS = (*topics.HUB_TYPES, *topics.OUTCOME_TYPES)  # what no handler's author may add to


class Judgement(NamedTuple):
    """What is said of the types that handlers react to.

    Attributes:
        faults: A line for each type of the hub's own that it does not publish. A type that differs
            from one of these by a letter or two is meant to be it, also where its first word is not
            the hub's.
        hints: A line for each other type that no handler file here seems to emit. It may be right
            all the same: a handler on another machine may emit it, or the file may put the type
            together as it runs.
    """

    faults: list[str]
    hints: list[str]


def judged(files: Collection[HandlerFile], settings: Settings) -> Judgement:
    """Compare what the handlers react to with what the hub publishes and handler files emit.

    Args:
        files: The handler files that are not switched off.
        settings: Those of the house; they name times of `[clock.at]`.
    """
    known = _published(settings)
    emitted = _emitted(settings)
    found = Judgement([], [])
    for file, kind in _reactions(files):
        is_ours = kind.startswith(OURS)
        if kind in known or (kind in emitted and not is_ours):
            continue
        if is_ours or _is_slip(kind, known, emitted):
            words = f'{file.path.name}: @handler("{kind}"): the hub publishes no such event.'
            found.faults.append(f"{words}{suggest(kind, known)}")
        elif not loader.is_shipped(file.path):
            words = f"{file.name}: no handler file here emits {kind}."
            found.hints.append(f"{words}{_hint(kind, known, emitted)}")
    return found


def _hint(kind: str, known: Collection[str], emitted: Collection[str]) -> str:
    alike = get_close_matches(kind, known, cutoff=ALIKE)
    hint = suggest(kind, {*emitted, *alike})
    return hint if "Did you mean" in hint else " It waits for a handler on another machine."


def _published(settings: Settings) -> set[str]:
    """The types that the hub of these settings publishes, and those of outcomes."""
    times = {f"clock.{name.replace('-', '_')}" for name in settings.clock.at}
    return {kind for kind in EVENT_TYPES if kind.startswith(OURS)} | times


def _emitted(settings: Settings) -> set[str]:
    """The types that the handler files here may emit."""
    known = {kind for kind in EVENT_TYPES if not kind.startswith(OURS)}
    for path in loader.find(settings).values():
        known |= _texts(path)
    return {kind for kind in known if topics.fault_in_type(kind) is None}


def _is_slip(kind: str, known: Collection[str], emitted: Collection[str]) -> bool:
    """Whether a type is one of the known ones with a typing error in its first word."""
    first = _first_word(kind)
    if first in map(_first_word, emitted):
        return False  # like `visit`, which is no slip of `visitor`
    words = set(map(_first_word, known))
    is_close_word = get_close_matches(first, words, n=1, cutoff=CLOSE_WORD)
    return bool(is_close_word and get_close_matches(kind, known, n=1, cutoff=CLOSE))


def _first_word(kind: str) -> str:
    return kind.partition(".")[0]


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
