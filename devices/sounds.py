"""The sounds that come with it, by their names."""

from pathlib import Path

from devices.bark import write_bark
from devices.chimes import STRIKES, write_chime

NAMES = ("bark", *STRIKES)


def fault_in_sound(name: str) -> str | None:
    """Why this is no sound; None when it is one of NAMES, or a file."""
    if name in NAMES or Path(name).expanduser().is_file():
        return None
    if "/" in name or "." in name:
        return f"there is no file {name}"
    return f"{name!r}: no sound. There are {', '.join(NAMES)}; or name a WAV, FLAC or MP3 file"


def find_sound(name: str, folder: Path) -> Path:
    """The file to play: the person's own, or one of ours, which is written into the folder."""
    if name == "bark":
        return write_bark(folder / "bark.wav")
    if name in STRIKES:
        return write_chime(folder / f"{name}.wav", name)
    return Path(name).expanduser()
