"""The built-in sounds, and sound files, by the names that settings have for them."""

from pathlib import Path

from devices.machine import expanded, is_file
from devices.speaker.sounds.bark import write_bark
from devices.speaker.sounds.chimes import STRIKES, write_chime
from devices.speaker.sounds.samples import SpeakerError, check_sound

SOUNDS = ("bark", *STRIKES)


def fault_in_sound(name: str) -> str | None:
    """Check the name of a sound: one of `SOUNDS`, or a file that exists.

    Returns:
        What is wrong with it; None if it is one of these.
    """
    if name in SOUNDS or is_file(expanded(name)):
        return None
    if "/" in name or "." in name:
        return f"there is no file {name}"
    names = ", ".join(SOUNDS)
    return f"{name!r}: no sound. There are {names}; or name a WAV, FLAC or MP3 file"


def fault_in_sound_file(sound: Path) -> str | None:
    """Decode a sound file. That takes a moment, and the file's decoded size in memory.

    Returns:
        Why it cannot be played; None if it can.
    """
    try:
        check_sound(sound)
    except SpeakerError as error:
        return f"{error}"
    return None


def fault_in_playing(name: str) -> str | None:
    """Decode a sound by its name. Built-in sounds need no check.

    Returns:
        Why it cannot be played; None if it can.
    """
    if name in SOUNDS:
        return None
    return fault_in_sound_file(expanded(name))


def find_sound(name: str, folder: Path) -> Path:
    """Find the file of a sound.

    Args:
        name: One of `SOUNDS`, or a file's path.
        folder: Where a built-in sound is written.
    """
    if name == "bark":
        return write_bark(folder / "bark.wav")
    if name in STRIKES:
        return write_chime(folder / f"{name}.wav", name)
    return expanded(name)
