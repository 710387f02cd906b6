"""The sounds that come with it, by their names."""

from pathlib import Path

from devices.speaker.bark import write_bark
from devices.speaker.chimes import STRIKES, write_chime
from devices.speaker.samples import SpeakerError, check_sound

NAMES = ("bark", *STRIKES)


def fault_in_sound(name: str) -> str | None:
    """Why this is no sound; None when it is one of NAMES, or a file."""
    if name in NAMES or Path(name).expanduser().is_file():
        return None
    if "/" in name or "." in name:
        return f"there is no file {name}"
    return f"{name!r}: no sound. There are {', '.join(NAMES)}; or name a WAV, FLAC or MP3 file"


def fault_in_file(sound: Path) -> str | None:
    """Why nothing is heard of it; None when it decodes. It takes a moment, and the file's size in memory."""
    try:
        check_sound(sound)
    except SpeakerError as error:
        return f"{error}"
    return None


def fault_in_playing(name: str) -> str | None:
    """The same of a sound's name; ours need no look."""
    return None if name in NAMES else fault_in_file(Path(name).expanduser())


def find_sound(name: str, folder: Path) -> Path:
    """The file to play: the person's own, or one of ours, which is written into the folder."""
    if name == "bark":
        return write_bark(folder / "bark.wav")
    if name in STRIKES:
        return write_chime(folder / f"{name}.wav", name)
    return Path(name).expanduser()
