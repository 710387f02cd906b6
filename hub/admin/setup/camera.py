"""The camera: which one, and what it sees."""

import re
import shutil
import threading
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from config import SettingsError, sources
from devices.camera import fault_in_camera, find_cameras, open_camera
from devices.video import CameraError
from hub.admin.setup.dialog import NONE, Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.file_viewing import hand_over, how_to_see, shelf
from hub.admin.setup.toml_edit import Changes

RECORD = ("handlers", "record")
PATIENCE_S, TROUBLED_S, SETTLE_S = (
    15.0,
    4.0,
    1.0,
)  # a network camera may take long; what is refused, not
ADDRESS = re.compile(r"\w+://[^\s'\"]+")
HINTS = (
    "Dark: a sensor needs light, and its cap off. Blurred: turn the lens, or peel off the film.",
    "`rpicam-hello --list-cameras` shows the Pi's camera modules, `ls /dev/video*` all others.",
)


def ask_camera(dialog: Dialog, draft: Draft) -> Changes:
    """One that was found or is typed, and a picture of it; without any, `record` is switched off."""
    known = draft.get(*RECORD, "camera")
    dialog.say("Looking for cameras …")
    found = [(one.name, one.words) for one in find_cameras()]
    if known and known not in [name for name, _ in found]:
        found.append((known, f"as now: {shown(known)}"))
    off = draft.get(*RECORD, "enabled", kind=bool) is False
    default = known if known and not off else NONE if off or not found else found[0][0]
    while True:
        if not found:
            dialog.say("None was found on this machine.")
        question = (
            "Number, rtsp://…, test (a test pattern) or none"
            if found
            else "rtsp://…, test (a pattern) or none"
        )
        name = dialog.pick(question, default, found, fault_in_camera)
        if name == NONE:
            return switched_off()
        name = str(Path(name).expanduser().absolute()) if Path(name).is_file() else name
        if _looks_right(dialog, draft, name):
            return {(*RECORD, "camera"): name, (*RECORD, "enabled"): None}


def switched_off() -> Changes:
    """No camera."""
    return {(*RECORD, "enabled"): False}


def shown(name: str) -> str:
    """A camera's name without what may be secret in it: of a network camera only where it is."""
    if "://" not in name:
        return name
    parts = urlsplit(name)
    return f"{parts.scheme}://{parts.hostname or ''}…"


def take_picture(name: str, path: Path) -> str | None:
    """Write what a camera sees now, after a moment in which it finds its exposure; gives why there is none.

    Args:
        name: See `devices.camera.open_camera`.
        path: A JPEG's.
    """
    said: list[str] = []
    began = time.monotonic()
    try:
        camera = open_camera(name, preroll_s=0)
    except CameraError as error:
        return str(error)
    camera.on_trouble(lambda words: said.append(words) if words else None)
    try:
        while True:
            try:
                camera.snapshot(path)
            except CameraError as error:
                if time.monotonic() - began > (TROUBLED_S if said else PATIENCE_S):
                    return said[-1] if said else str(error)
                continue
            threading.Event().wait(SETTLE_S)
            with suppress(CameraError):
                camera.snapshot(path)
            return None
    finally:
        camera.close()


def _looks_right(dialog: Dialog, draft: Draft, name: str) -> bool:
    """Whether to take this one; nothing of the pictures is left behind."""
    dialog.say("Taking a picture …")
    with shelf() as folder:
        picture = folder / "door.jpg"
        if trouble := take_picture(name, picture):
            dialog.explain(f"✗ {ADDRESS.sub(lambda found: shown(found[0]), trouble)}")
            if name == draft.get(*RECORD, "camera"):
                _show_last(dialog, draft, picture)
            return dialog.agree(
                "Take this camera all the same?", default=name == draft.get(*RECORD, "camera")
            )
        _show(dialog, picture)
        if dialog.agree("Does it look right?"):
            return True
    for hint in HINTS:
        dialog.explain(f"→ {hint}")
    return not dialog.agree("Try again, or choose another?")


def _show_last(dialog: Dialog, draft: Draft, picture: Path) -> None:
    """When `record` has the camera, what it saw last is as good."""
    dialog.explain(
        "If `record` runs, it has the camera. `sudo systemctl stop doorbell-handler@record` frees it."
    )
    folder = Path(draft.get(*RECORD, "folder", default="media")).expanduser()
    with suppress(SettingsError, OSError, ValueError):
        pictures = (sources.load(draft.path).state_dir / folder).glob("*.jpg")
        last = max(pictures, key=lambda path: path.stat().st_mtime)
        shutil.copyfile(last, picture)
        dialog.say(
            f"Its last picture is of {datetime.fromtimestamp(last.stat().st_mtime).astimezone():%d %B, %H:%M}."
        )
        _show(dialog, picture)


def _show(dialog: Dialog, picture: Path) -> None:
    hand_over(picture)
    for line in how_to_see(picture):
        dialog.say(line)
