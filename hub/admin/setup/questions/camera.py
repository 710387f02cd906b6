"""The camera: which one, and a picture of what it sees."""

import re
import shutil
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from config import SettingsError
from config.reading import sources
from devices.camera import fault_in_camera, find_cameras, open_camera
from devices.video import CameraError
from hub.admin.setup.dialog import NONE, Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.questions.file_viewing import hand_over, how_to_see, shelf
from hub.admin.setup.toml_edit import Changes

RECORD = ("handlers", "record")
PATIENCE_S = 15.0  # a network camera may need so long
FAULTY_S = 4.0  # one that has reported a fault
EXPOSURE_S = 1.0  # until the exposure is right
ADDRESS = re.compile(r"\w+://[^\s'\"]+")
HINTS = (
    "Dark: a sensor needs light, and its cap off. Blurred: turn the lens, or peel off the film.",
    "`rpicam-hello --list-cameras` shows the Pi's camera modules, `ls /dev/video*` all others.",
)


def ask_camera(dialog: Dialog, draft: Draft) -> Changes:
    """Ask for a camera, found or typed, and show its picture; none switches `record` off."""
    known = draft.get(*RECORD, "camera")
    dialog.show("Looking for cameras …")
    found = [(camera.name, camera.words) for camera in find_cameras()]
    if known and known not in [name for name, _ in found]:
        found.append((known, f"as now: {shown(known)}"))
    default = _default(draft, known, found)
    while True:
        if not found:
            dialog.show("None was found on this machine.")
        question = (
            "Number, rtsp://…, http://…, test (a test pattern) or none"
            if found
            else "rtsp://…, http://…, test (a pattern) or none"
        )
        name = dialog.pick(question, default, found, fault_in_camera)
        if name == NONE:
            return switched_off()
        name = str(Path(name).expanduser().absolute()) if Path(name).is_file() else name
        if _looks_right(dialog, draft, name):
            return {(*RECORD, "camera"): name, (*RECORD, "enabled"): None}


def switched_off() -> Changes:
    """The changes for no camera."""
    return {(*RECORD, "enabled"): False}


def _default(draft: Draft, known: str | None, found: Sequence[tuple[str, str]]) -> str:
    """The present camera, else the first one that was found, unless `record` is switched off."""
    if draft.get(*RECORD, "enabled", kind=bool) is False:
        return NONE
    return known or (found[0][0] if found else NONE)


def shown(name: str) -> str:
    """A camera's name without secrets: of a network camera only its host."""
    if "://" not in name:
        return name
    parts = urlsplit(name)
    return f"{parts.scheme}://{parts.hostname or ''}…"


def take_picture(name: str, path: Path) -> str | None:
    """Take a picture, after a moment in which the camera finds its exposure.

    Args:
        name: See `devices.camera.open_camera`.
        path: Where the JPEG goes.

    Returns:
        Why there is no picture; None when there is one.
    """
    faults: list[str] = []
    began = time.monotonic()
    try:
        camera = open_camera(name, preroll_s=0)
    except CameraError as error:
        return str(error)
    camera.on_trouble(lambda words: faults.append(words) if words else None)
    try:
        while True:
            try:
                camera.snapshot(path)
                break
            except CameraError as error:
                if time.monotonic() - began > (FAULTY_S if faults else PATIENCE_S):
                    return faults[-1] if faults else str(error)
        threading.Event().wait(EXPOSURE_S)
        with suppress(CameraError):
            camera.snapshot(path)
    finally:
        camera.close()
    return None


def _looks_right(dialog: Dialog, draft: Draft, name: str) -> bool:
    """Show a picture, and ask whether to take this camera; no picture is left behind."""
    dialog.show("Taking a picture …")
    with shelf() as folder:
        picture = folder / "door.jpg"
        fault = take_picture(name, picture)
        if fault:
            dialog.explain(f"✗ {ADDRESS.sub(lambda found: shown(found[0]), fault)}")
            is_present = name == draft.get(*RECORD, "camera")
            if is_present:
                _show_last(dialog, draft, picture)
            return dialog.agree("Take this camera all the same?", default=is_present)
        _show(dialog, picture)
        if dialog.agree("Does it look right?"):
            return True
    for hint in HINTS:
        dialog.explain(f"→ {hint}")
    return not dialog.agree("Try again, or choose another?")


def _show_last(dialog: Dialog, draft: Draft, picture: Path) -> None:
    """Where `record` has the camera, its last picture shows as much."""
    hint = "`sudo systemctl stop doorbell-handler@record` frees it"
    dialog.explain(f"If `record` is running, it has the camera. {hint}.")
    folder = Path(draft.get(*RECORD, "folder", default="media")).expanduser()
    with suppress(SettingsError, OSError, ValueError):
        pictures = (sources.load(draft.path).state_dir / folder).glob("*.jpg")
        last = max(pictures, key=lambda path: path.stat().st_mtime)
        shutil.copyfile(last, picture)
        taken = datetime.fromtimestamp(last.stat().st_mtime).astimezone()
        dialog.show(f"Its last picture is of {taken:%d %B, %H:%M}.")
        _show(dialog, picture)


def _show(dialog: Dialog, picture: Path) -> None:
    hand_over(picture)
    for line in how_to_see(picture):
        dialog.show(line)
