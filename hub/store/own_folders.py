"""Where the state of each process lies, seen from outside.

`doorbell run` keeps all of it in one folder, the house's. Under systemd each process has a folder
of its own below that: `hub`, `web` and `handlers/NAME`. Nothing but root gets into another's.
"""

from collections.abc import Iterable
from pathlib import Path

from hub.wire.tokens.house_key import KEY_FILE

HUB, WEB, HANDLERS = "hub", "web", "handlers"
MARK = ".own-folders"  # it lies in the house's folder where each process has its own
# What stays in the house's folder; it is root's, but for the pictures and clips.
MEDIA = "media"
OF_HOUSE = (HUB, WEB, HANDLERS, MEDIA, KEY_FILE, "lost+found")
# What lay in the house's folder before each process had one, by the beginning of its name.
OF_HUB = ("hub-", "homeassistant.json", "chime.wav", "led-")
OF_WEB = ("web-", "press-links.json", "press-requests.json")
NO_HANDLERS = ("hub-", "web-")  # state files that begin so are those of the hub and the page
PRODUCER = "producer-"  # a program's journal; its unit has the folder of a handler of its name
OF_HANDLERS = {
    "bark.wav": "bark",
    "gpio-": "light",
    "heard": "bark",
    "simulated-light": "light",
    "voice": "speak",
}


def of_handler(name: str) -> str:
    """The folder of a handler, below the house's."""
    return f"{HANDLERS}/{name}"


def are_apart(house: Path) -> bool:
    """Whether each process of this house has a folder of its own."""
    return (house / MARK).is_file()


def own_folder(house: Path, part: str) -> Path:
    """Where a process keeps its state.

    Args:
        house: The house's folder.
        part: `hub`, `web` or `handlers/NAME`.
    """
    return (house / part).resolve() if are_apart(house) else house


def own_folders(house: Path) -> dict[str, Path]:
    """The folder of each process that has one, the hub's last; none where they share the house's.

    They are given without systemd's links: who owns such a folder may not get to the link.
    The hub's journal knows all that a handler has seen, if it is read after the handlers' files.
    """
    if not are_apart(house):
        return {}
    handlers = (of_handler(path.name) for path in sorted(house.glob(f"{HANDLERS}/*")))
    parts = [part for part in (*handlers, WEB, HUB) if _is_there(house / part)]
    return {part: (house / part).resolve() for part in parts}


def files_in(house: Path) -> list[Path]:
    """The state files of all processes that have ever run in this house, by name."""
    folders = [house, *own_folders(house).values()]
    return sorted(
        (path for folder in folders for path in folder.glob("*.db")), key=lambda path: path.name
    )


def handlers_file(house: Path, name: str) -> Path:
    """The state file of a handler, which need not be there."""
    return own_folder(house, of_handler(name)) / f"{name}.db"


def part_of(name: str, handlers: Iterable[str]) -> str | None:
    """Whose a file or folder is that lies in the house's folder.

    Args:
        name: Of the file or folder.
        handlers: The names of all handlers that may have written there.

    Returns:
        `hub`, `web` or `handlers/NAME`; None if it is nobody's own.
    """
    if name in OF_HOUSE:
        return None
    handler = name.partition(".")[0]
    if handler.startswith(PRODUCER) and handler != PRODUCER:
        return of_handler(handler.removeprefix(PRODUCER))
    if handler in handlers and not handler.startswith(NO_HANDLERS):
        return of_handler(handler)
    if name.startswith(OF_HUB):
        return HUB
    if name.startswith(OF_WEB):
        return WEB
    return next(
        (of_handler(of) for start, of in OF_HANDLERS.items() if name.startswith(start)), None
    )


def _is_there(folder: Path) -> bool:
    """Whether a folder is there, or systemd's link to it, which may lead where one may not look."""
    return folder.is_symlink() or folder.is_dir()
