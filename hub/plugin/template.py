"""Writes a first handler file, and the test that belongs to it."""

import keyword
import re
import sys
from pathlib import Path

from config import SettingsError
from config.section import NAME
from hub.plugin.loader import NOT_OURS

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
from pathlib import Path

from hub.testing import event

sys.path.insert(0, str(Path(__file__).parent.parent))
from {name} import Config, {function}  # noqa: E402


def test_it_greets_the_door() -> None:
    assert {function}(event(door="front"), Config(greeting="Hi")) == "Hi, front door!"
'''


def write_handler(name: str, folder: Path) -> list[Path]:
    """Write `NAME.py` and `tests/test_NAME.py` into the handlers folder.

    Raises:
        SettingsError: it is no name, or one of the files exists.
    """
    taken = (
        keyword.iskeyword(name)
        or name in sys.stdlib_module_names
        or name in NOT_NAMES
        or name.startswith(NOT_OURS)
    )
    if not re.fullmatch(NAME, name) or "-" in name or taken:
        raise SettingsError(
            [f"{name}: not a name for a handler. Use a-z, 0-9 and _, beginning with a letter"]
        )
    texts = {folder / f"{name}.py": HANDLER, folder / "tests" / f"test_{name}.py": TEST}
    if there := [path for path in texts if path.exists()]:
        raise SettingsError(
            [f"{path}: exists already. Choose another name, or remove it" for path in there]
        )
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(name=name, function=name), encoding="utf-8")
    return list(texts)
