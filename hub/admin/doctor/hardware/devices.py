"""The doctor's look at the camera and the sound card."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from devices.camera import Privacy, fault_in_camera, open_camera, without_password
from devices.machine import Finding, fault, ok, size, skipped
from devices.speaker import AlsaSpeaker, SpeakerError
from devices.talk import TalkSettings, try_microphone
from devices.video import CameraError
from hub.admin.doctor.context import Context
from hub.admin.doctor.hardware.closed_device import closed_device
from hub.store.own_folders import of_handler, own_folder
from hub.wire import topics

PICTURE_S = 8.0
SOUND = Path("dev/snd")
NO_PICTURE = "docs/troubleshooting.md, No picture"
TONE = "those who listen hear a tone instead"
INTO_FILES = "sounds are written into files instead"


def camera(context: Context, patience_s: float = PICTURE_S) -> Iterator[Finding]:
    """Whether the camera gives a picture; where `record` has it, the status of `record`."""
    config = context.wanted("record")
    if config is None:
        yield skipped("record is switched off, or its settings are faulty")
        return
    names = config.names(config.served_doors)
    shown = " and ".join(map(without_password, names))
    source = topics.source("handler", "record")
    own = own_folder(config.house_dir, of_handler("record"))
    switch = own / "record.private" if config.private_topic else None
    if reason := Privacy(config.private_from, config.private_to, switch)():
        yield skipped(f"{shown}: {reason}: not checked")
    elif context.runs(source) and (status := context.status(source)) and (words := status.words):
        yield fault(f"{shown}: in use by record, which says: {words}", NO_PICTURE)
    elif context.runs(source):
        yield ok(f"{shown}: in use by record, which reports no fault")
    else:
        for name in names:
            yield _look(context, name, patience_s)


def _look(context: Context, name: str, patience_s: float) -> Finding:
    """Whether this camera, which nobody uses now, gives a picture."""
    shown = without_password(name)
    if name == "test":
        return skipped("test: a test pattern, not a camera: set camera in [handlers.record]")
    if missing := fault_in_camera(name):
        return fault(f"camera: {missing}", "docs/camera.md says which there are")
    if name.startswith("/dev/") and not os.access(name, os.R_OK | os.W_OK):
        return closed_device(context, f"{shown} may not be used by you", Path(name), "video")
    return _picture(name, shown, patience_s)


def _picture(name: str, shown: str, patience_s: float) -> Finding:
    began = time.monotonic()
    try:
        eye = open_camera(name, preroll_s=1)
    except CameraError as error:
        words = f"{shown}: {without_password(str(error))}"
        return fault(words, "docs/camera.md says what it needs")
    try:
        while True:
            try:
                picture = len(eye.picture())
            except CameraError as error:  # a network camera needs its time
                if time.monotonic() - began > patience_s / 2:
                    return fault(without_password(str(error)), NO_PICTURE)
            else:
                took_s = time.monotonic() - began
                return ok(f"{shown}: a picture of {size(picture)} after {took_s:.1f} s")
    finally:
        eye.close()


def sound(context: Context) -> Iterator[Finding]:
    """Whether each sound card and each microphone opens; no sound is played, and none is kept."""
    users: dict[str, list[str]] = {}  # of each speaker
    for name in ("bark", "speak"):
        config = context.wanted(name)
        if config:
            users.setdefault(config.speaker, []).append(name)
    talk = context.wanted("talk")
    for speaker in _names(talk, "speaker") if talk else ():
        users.setdefault(speaker, []).append("talk")
    if context.settings.chime.speaker:
        users.setdefault(context.settings.chime.speaker, []).append("[chime]")
    if not users:
        yield skipped("nothing is set to make a sound")
    for speaker, names in users.items():
        yield _speaker(context, speaker, f"{speaker} (of {', '.join(names)})")
    for microphone in _names(talk, "microphone") if talk else ():
        yield _microphone(context, microphone, f"{microphone} (microphone of talk)")


def _names(talk: TalkSettings, kind: str) -> list[str]:
    """The speakers or microphones of all doors."""
    named = [getattr(talk, kind), *getattr(talk, f"{kind}s").values()]
    return list(dict.fromkeys(named))


def _microphone(context: Context, name: str, title: str) -> Finding:
    if name == "simulated":
        return skipped(f"{title}: {TONE}")
    if closed := _closed(context, "pcm*c", title):
        return closed
    try:
        return ok(f"{title}: {try_microphone('default' if name == 'auto' else name)}")
    except SpeakerError as error:
        return _missing(name, f"{title}: {error}", "docs/talk.md, Nothing is heard", TONE)


def _speaker(context: Context, name: str, title: str) -> Finding:
    if name == "simulated":
        return skipped(f"{title}: {INTO_FILES}")
    if closed := _closed(context, "pcm*p", title):
        return closed
    try:
        return ok(f"{title}: {AlsaSpeaker(None if name in ('auto', 'default') else name).check()}")
    except SpeakerError as error:
        mend = "docs/troubleshooting.md, No sound"
        return _missing(name, f"{title}: {error}", mend, INTO_FILES)


def _closed(context: Context, nodes: str, title: str) -> Finding | None:
    """What is found where the machine has a card whose file the person may not use."""
    cards = sorted((context.root / SOUND).glob(nodes))
    closed = [path for path in cards if not os.access(path, os.R_OK | os.W_OK)]
    if not closed:
        return None
    words = f"{title}: {closed[0]} may not be used by you"
    return closed_device(context, words, closed[0], "audio")


def _missing(name: str, words: str, mend: str, instead: str) -> Finding:
    """A fault; where `auto` chooses, only a warning that says what happens instead."""
    found = fault(words, mend)
    if name != "auto":
        return found
    return found._replace(state="warning", found=f"{found.found}; {instead}")
