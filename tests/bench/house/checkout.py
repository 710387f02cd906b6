"""The checkout that is measured: this one, or the state before in a folder of its own."""

import ast
from pathlib import Path
from typing import NamedTuple

from tests.bench.outside.sightings import FIRST_LINE

PLAIN = '''"""Do nothing."""

from hub import Event, HandlerConfig, handler


class Config(HandlerConfig):
    """No settings."""


@handler("doorbell.pressed"{options})
def {name}(event: Event, config: Config) -> str:
    """Be called."""
    return "done"
'''
OPTIONS = {"catch_up": ", since_s=86_400", "skips": ', on_redelivery="skip"'}
MARK = """

import os as _os
import time as _time

_SIGHTINGS = _os.open({path!r}, _os.O_WRONLY | _os.O_APPEND)


def _note_first_line(event):
    if event.type == "doorbell.pressed":
        _os.write(_SIGHTINGS, f"{{_time.monotonic():.6f}} {name}\\n".encode())
"""


class Checkout(NamedTuple):
    """Where the code is.

    Attributes:
        root: The folder of the checkout, which has a .venv.
    """

    root: Path

    @property
    def python(self) -> Path:
        return self.root / ".venv" / "bin" / "python"

    def command(self, name: str) -> list[str]:
        """How the hub, the page, or the handler of this name, is started."""
        roles = {"hub": ["hub.daemon", "--stdin"], "web": ["hub.web.server"]}
        module = roles.get(name, ["hub.worker", name])
        return [str(self.python), "-m", *module]

    @property
    def run_command(self) -> list[str]:
        """How everything is started at once."""
        return [str(self.python), "-m", "hub.cli.main", "run"]

    @property
    def environment(self) -> dict[str, str]:
        """What its systemd units set for every process, as `doorbell run` does, too."""
        unit = self.root / "systemd" / "doorbell-handler@.service"
        lines = unit.read_text(encoding="utf-8").splitlines()
        settings = [one.removeprefix("Environment=") for one in lines if one.startswith("Env")]
        pairs = [one.split("=", 1) for one in settings if not one.startswith("DOORBELL_")]
        return dict(pairs)

    def put_handler(self, name: str, folder: Path, sightings: Path) -> None:
        """Put a copy of a handler file into a folder; its function first notes that it runs.

        Args:
            name: Of one that comes with the checkout; any other name gives one that does nothing.
            folder: Where the house finds its handlers.
            sightings: The file to which the first line appends the time.
        """
        path = self.root / "handlers" / f"{name}.py"
        if path.exists():
            text = path.read_text(encoding="utf-8")
        else:
            text = PLAIN.format(name=name, options=OPTIONS.get(name, ""))
        marked = with_mark(text, FIRST_LINE + name, sightings)
        (folder / path.name).write_text(marked, encoding="utf-8")


def with_mark(text: str, name: str, sightings: Path) -> str:
    """The text of a handler file in which the reaction to a press begins with a note."""
    lines = text.splitlines()
    function = next(one for one in ast.parse(text).body if _reacts_to_presses(one))
    first = function.body[1] if ast.get_docstring(function) else function.body[0]
    event = function.args.args[0].arg
    lines.insert(first.lineno - 1, f"{' ' * first.col_offset}_note_first_line({event})")
    return "\n".join(lines) + MARK.format(path=str(sightings), name=name)


def _reacts_to_presses(node: ast.stmt) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    calls = [one for one in node.decorator_list if isinstance(one, ast.Call)]
    types = [one.value for call in calls for one in call.args if isinstance(one, ast.Constant)]
    return "doorbell.pressed" in types or "*" in types
