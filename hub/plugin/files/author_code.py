"""Runs code of a handler's author: it may raise and return anything, which is told as a fault."""

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config import SettingsError


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Whatever is raised here is a fault of this handler file, told with its line.

    In the main thread a KeyboardInterrupt is let out: it may be a person's Ctrl-C.

    Raises:
        SettingsError: something was raised; one that was raised itself is left as it is.
    """
    try:
        yield
    except SettingsError:
        raise
    except BaseException as error:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and isinstance(error, KeyboardInterrupt):
            raise
        raise SettingsError([f"{place_of(path, error)}: {described(error)}"]) from None


def lines(path: Path, ask: Callable[[], object], name: str) -> list[str]:
    """What a method of an author's Config says: a list of texts.

    Args:
        path: The handler file.
        ask: The method.
        name: Its name, for the faults.

    Raises:
        SettingsError: it raises something, or returns something else.
    """
    with guarded(path):
        said = ask()
        if isinstance(said, list | tuple) and all(isinstance(line, str) for line in said):
            return list(said)
    hint = "Return a list of texts, and [] where there is nothing to tell"
    raise SettingsError([f"{path.name}: Config.{name}() returns no list of texts. {hint}"])


def too_long(path: Path, what: str, seconds: float) -> str:
    """The fault of code that has not ended after so many seconds.

    Args:
        path: The handler file.
        what: What its code does, like `loading it`.
        seconds: How long it was waited for.
    """
    hint = "Code that waits or loops belongs in its function"
    return f"{path.name}: {what} takes longer than {seconds:g} s. {hint}"


def place_of(path: Path, error: BaseException) -> str:
    """The handler file, and the line in it that an exception came from, where one is known."""
    numbers = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == str(path) and line
    ]
    return f"{path.name}, line {numbers[-1]}" if numbers else path.name


def described(error: BaseException) -> str:
    """`ValueError: what it says`, also where it cannot say it."""
    name = type(error).__name__
    try:
        text = str(error)
    except BaseException:  # noqa: BLE001 - an author's own exception may raise another one
        return f"{name}, whose text cannot be read"
    return f"{name}: {text}" if text else name
