"""Reads handler files, in one way for all who look at them: what lies there may be a trap."""

import io
import tokenize
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import NoReturn

from config import SettingsError
from config.toml.advice import DAMAGED, SAVE_AS
from hub.system.files import owned_file
from hub.system.files.owned_file import OddFileError, TooLargeError

LARGEST = 1 << 20  # bytes of a handler file
NOT_UTF_8 = f"it is saved as UTF-16. {SAVE_AS}"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")  # its byte order marks


class Loader(SourceFileLoader):
    """Python's own loader, which opens regular files of a bounded size only.

    It keeps nothing that is compiled, and looks at none: Python tells by a file's size and second
    what it was compiled from, and of one that was saved twice within a second it may run the first.
    """

    def path_stats(self, _: str) -> NoReturn:
        """Python would compare these facts with those of the compiled file.

        Raises:
            OSError: always, so that it compiles the file.
        """
        raise OSError

    def get_data(self, path: str) -> bytes:
        """The content of the file.

        Raises:
            OSError: it cannot be read, or is something else.
        """
        return owned_file.read(Path(path), LARGEST)


def read(path: Path) -> bytes:
    """The content of a handler file.

    Raises:
        SettingsError: it cannot be read, is something else, or larger than LARGEST.
    """
    try:
        return owned_file.read(path, LARGEST)
    except OSError as error:
        raise SettingsError([refusal(path, error)]) from None


def text(path: Path) -> str:
    """The text of a handler file.

    Raises:
        SettingsError: it cannot be read, or is no text.
    """
    content = read(path)
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _declared(content, path.name, error.start)
    if "\0" in decoded:
        raise SettingsError([_fault_of_zeros(content, path.name)])
    return decoded


def refusal(path: Path, error: OSError) -> str:
    """Why a file cannot be a handler, and what to do."""
    if isinstance(error, TooLargeError):
        hint = "Make it smaller, and have it read its data from another file"
        return f"{path.name}: cannot be a handler ({error}). {hint}"
    if isinstance(error, OddFileError):
        return f"{path.name}: cannot be a handler ({error}). Put a file there"
    if isinstance(error, PermissionError):
        return f"{path.name}: cannot be read ({error.strerror}). chmod a+r {path}"
    if path.is_symlink():
        return f"{path.name}: cannot be a handler (a link that leads nowhere). Put a file there"
    return f"{path.name}: cannot be read ({error.strerror})"


def _declared(content: bytes, name: str, start: int) -> str:
    """The text in the encoding that the file declares (PEP 263); `start` is not UTF-8."""
    if content.startswith(UTF_16):
        raise SettingsError([f"{name}: {NOT_UTF_8}"])
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding)
    except (SyntaxError, LookupError, UnicodeError):
        fault = f"{_place(name, content, start)}a letter is not UTF-8. {SAVE_AS}"
        raise SettingsError([fault]) from None


def _place(name: str, content: bytes, start: int) -> str:
    line = content.count(b"\n", 0, start) + 1
    return f"{name}, line {line}: "


def _fault_of_zeros(content: bytes, name: str) -> str:
    if content[:2].count(0) == 1:
        return f"{name}: {NOT_UTF_8}"
    return _place(name, content, content.index(b"\0")) + DAMAGED
