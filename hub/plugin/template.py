"""Writes a first handler file, and the test that belongs to it."""

import keyword
import sys
from pathlib import Path

from config import SettingsError
from hub.plugin.files import handler_name
from hub.plugin.loader import NOT_OURS, SHIPPED, SHIPPED_NAMES

PUBLIC = (
    "answers",
    "checkpoint",
    "config",
    "emit",
    "event",
    "handler",
    "keep",
    "later",
    "link",
    "memory",
    "quiet",
)
NOT_NAMES = (*PUBLIC, "hub", "devices", "handlers")
HANDLER = '''"""Say in one sentence what happens when somebody rings."""

from hub import Event, HandlerConfig, handler


class Config(HandlerConfig):
    """What may be set in doorbell.toml under [handlers.{name}]; each with its default."""

    greeting: str = "Hello"


# timeout_s: how long one attempt may take.
# max_age_s: an older press is skipped; leave it out to get every one.
# attempts: how often a press is tried, with growing pauses, before it goes to the dead letters.
@handler("doorbell.pressed", timeout_s=10, max_age_s=3600)
def {function}(event: Event, config: Config) -> str:
    """Return: it is done. Raise: it is tried again later. Raise Drop("why"): it is given up."""
    # What happened: event.door, event.time, event.data. People know the door as config.door_name.
    # More from hub: emit("thing.happened", {{...}}) for other handlers, memory["key"] = value,
    # later("thing.due", 60) to come back after a minute.
    door = config.door_name(event.door).lower()
    return f"{{config.greeting}}, {{door}}!"  # shown beside the outcome
'''

TEST = '''"""Calls the handler as the plain function that it is: no broker, no processes."""

import sys
from importlib import import_module
from pathlib import Path

from hub.testing import event

sys.path.insert(0, str(Path(__file__).parent.parent))
{function} = import_module("{name}")


def test_it_greets_the_door() -> None:
    config = {function}.Config(greeting="Hi")
    assert {function}.{function}(event(door="front"), config) == "Hi, front door!"
'''


def write_handler(name: str, folder: Path) -> list[Path]:
    """Write `NAME.py` and `tests/test_NAME.py` into the handlers folder.

    Raises:
        SettingsError: it is no name, or one of the files exists.
    """
    if fault := _fault_in(name, folder):
        raise SettingsError([f"{name}: {fault}"])
    texts = {folder / f"{name}.py": HANDLER, folder / "tests" / f"test_{name}.py": TEST}
    if there := [path for path in texts if path.exists()]:
        raise SettingsError(
            [f"{path}: exists already. Choose another name, or remove it" for path in there]
        )
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(name=name, function=name.replace("-", "_")), encoding="utf-8")
    return list(texts)


def _fault_in(name: str, folder: Path) -> str:
    """Why a handler cannot have this name, and what to do; empty when it can."""
    function = name.replace("-", "_")
    if rule := handler_name.broken_rule(name):
        return f"not a name for a handler. {rule}"
    if keyword.iskeyword(function):
        return f"a word of Python itself. Choose another name, like my_{function}"
    if name in sys.stdlib_module_names:
        return f"a module of Python itself has this name. Choose another, like my_{function}"
    if function in NOT_NAMES or name.startswith(NOT_OURS):
        return f"a handler's file or its test uses this name. Choose another, like my_{function}"
    if name in SHIPPED_NAMES:
        ours = f"{SHIPPED / name}.py"
        change = f"edit {ours}"
        if folder.resolve() != SHIPPED.resolve():
            change = f"copy {ours} to {folder} and edit that"
        return (
            "a handler of this name comes with doorbell, and yours would take its place. Choose"
            f" another name; to change ours, {change}"
        )
    return ""
