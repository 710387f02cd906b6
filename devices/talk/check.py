"""Whether a microphone is there, as commands ask that look for what is missing."""

from pathlib import Path

from devices.speaker.cards import CAPTURE
from devices.speaker.sounds.samples import SpeakerError, import_miniaudio
from devices.talk.microphone import is_file, open_microphone, read


def fault_in_microphone(name: str) -> str | None:
    """Check a microphone's name without opening it.

    Returns:
        Why there is no such microphone; None if there is one.
    """
    if name in ("auto", "simulated"):
        return None
    try:
        if is_file(name):
            read(Path(name).expanduser())
        else:
            CAPTURE.find(import_miniaudio(), None if name == "default" else name)
    except SpeakerError as error:
        return f"{error}"
    return None


def try_microphone(name: str) -> str:
    """Open a microphone, and listen to nothing.

    Returns:
        What was found, in words.

    Raises:
        SpeakerError: It cannot be used now.
    """
    with open_microphone(name).hearing(len):
        return "the microphone opens"
