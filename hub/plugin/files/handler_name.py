"""Which names a handler may have: its file, its unit and its user on the broker have them, too."""

import re
from pathlib import Path

from config.section import NAME

OTHERS = ("hub-", "web-", "run-", "cli-", "producer-")  # the names of other processes
LONGEST = 32  # as NAME has it


def is_name(name: str) -> bool:
    """Whether a handler may have this name."""
    return not broken_rule(name)


def broken_rule(name: str) -> str:
    """The rule that a name breaks; empty when a handler may have it."""
    if not re.fullmatch(NAME, name):
        return f"Use a-z, 0-9, - and _, beginning with a letter, {LONGEST} characters at most"
    if name.startswith(OTHERS):
        others = ", ".join(OTHERS)
        return f"Names that begin with {others} are those of other processes. Choose another"
    return ""


def fault_in_file(path: Path) -> str:
    """Why the name of this file is none, and a better one; empty when it is one."""
    if rule := broken_rule(path.stem):
        return f"{path.name}: not a handler's name. {rule}, like {_better(path.stem)}.py"
    return ""


def _better(name: str) -> str:
    better = re.sub(r"[^a-z0-9_-]", "_", name.lower()).lstrip("-_0123456789")[:LONGEST]
    return better if is_name(better) else f"my_{better}"[:LONGEST]
