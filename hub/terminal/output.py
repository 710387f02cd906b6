"""The way to the terminal: whatever is written there holds nothing hidden, and no secret.

A lint rule forbids `print` and rich's own Text and Console elsewhere in `hub/`.
"""

import codecs
import json
import os
import signal
import sys
from typing import Any, NoReturn, TextIO

import rich.console
import rich.text

from hub.system.log.masking import masked
from hub.system.log.visible import escaped, visible


def say(*lines: object, file: TextIO | None = None) -> None:
    """Write lines to standard output: each argument is one, whatever it holds."""
    for line in lines:
        _write(visible(str(line)), file)


def complain(*lines: object) -> None:
    """Write lines to standard error: each argument is one, whatever it holds."""
    say(*lines, file=sys.stderr)


def say_json(value: Any, indent: int | None = None) -> None:
    """Write a value as JSON, on one line or indented; it reads back as the same, secrets masked."""
    text = json.dumps(_masked(value), indent=indent, ensure_ascii=not _takes_every_letter())
    for line in text.split("\n"):
        _write(escaped(line))


def end_quietly() -> NoReturn:
    """End like any program whose reader has gone (`doorbell events | head`): by SIGPIPE, 141.

    The signal stays ignored until then, because a broker that hangs up sends it as well.
    """
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGPIPE)
    raise SystemExit(1)  # in a thread that holds the signal back


def _write(line: str, file: TextIO | None = None) -> None:
    try:
        print(line, file=file, flush=True)
    except BrokenPipeError:
        end_quietly()
    except OSError as error:  # as on a full disk
        error.filename = "standard error" if file is sys.stderr else "standard output"
        raise


def _takes_every_letter() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return codecs.lookup(encoding).name.startswith("utf")


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return list(map(_masked, value))
    return masked(value) if isinstance(value, str) else value


class Text(rich.text.Text):
    """One line of text, of which all is shown."""

    def __init__(self, text: str = "", style: str = "", **options: Any) -> None:
        super().__init__(visible(text), style, **options)

    def append(self, text: Any, style: Any = None) -> "Text":
        """Add text to the line."""
        super().append(visible(text) if isinstance(text, str) else text, style)
        return self


class Console(rich.console.Console):
    """A console that takes every text as it is: `[red]` in it is no style, and `:bell:` no bell."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def on_broken_pipe(self) -> None:
        """The terminal, or what reads in its place, is gone."""
        end_quietly()

    def render_str(self, text: str, *, style: Any = "", **_: Any) -> Text:
        """What rich makes of a plain `str`, wherever one is given to it."""
        return Text(text, style)
