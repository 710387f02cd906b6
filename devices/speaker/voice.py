"""A voice: text made into a sound file by a speech program of the system."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

SPEAKING_S = 30.0  # Piper takes its time on a Raspberry Pi
NAMES = "espeak-ng, espeak-ng:LANGUAGE (like espeak-ng:de), or piper:/path/to/voice.onnx"


class Voice(Protocol):
    """Something that speaks."""

    def speak(self, text: str) -> Path:
        """Give a WAV file of the text; what was spoken once is kept.

        Raises:
            VoiceError: the program cannot, in its own words.
        """


class VoiceError(RuntimeError):
    """It cannot be spoken; the text says why and what to do."""


class ProgramVoice:
    """A program that reads text from its standard input and writes a WAV file.

    Args:
        command: The program and its arguments; `{}` is the file that it is to write.
        folder: Where sounds are kept.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command, self._folder = command, folder

    def speak(self, text: str) -> Path:
        """See Voice."""
        key = hashlib.sha256("\0".join((*self._command, text)).encode()).hexdigest()[:16]
        path = self._folder / f"{key}.wav"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._run(text, path)
        return path

    def _run(self, text: str, path: Path) -> None:
        aside = path.with_suffix(".part")
        command = [part.replace("{}", str(aside)) for part in self._command]
        try:
            subprocess.run(
                command, input=text.encode(), capture_output=True, timeout=SPEAKING_S, check=True
            )
        except subprocess.CalledProcessError as error:
            words = error.stderr.decode(errors="replace").strip().splitlines() or [
                f"it ended with {error.returncode}"
            ]
            raise VoiceError(f"{command[0]}: {words[-1]}") from error
        except subprocess.TimeoutExpired as error:
            raise VoiceError(f"{command[0]}: it took longer than {SPEAKING_S:g} s") from error
        except OSError as error:
            raise VoiceError(f"{command[0]}: {error.strerror}") from error
        if not aside.exists() or not aside.stat().st_size:
            raise VoiceError(f"{command[0]} wrote no sound")
        aside.replace(path)


def open_voice(name: str, folder: Path) -> Voice:
    """The voice of this name; NAMES says how to write one.

    Raises:
        VoiceError: it is no voice's name, or its program is not installed.
    """
    if fault := fault_in_name(name):
        raise VoiceError(fault)
    program, _, rest = name.partition(":")
    if program == "piper":  # https://github.com/OHF-Voice/piper1-gpl, docs/CLI.md
        return ProgramVoice(["piper", "-m", rest, "-f", "{}"], folder)
    return ProgramVoice(
        ["espeak-ng", "-v", rest or "en", "-w", "{}", "--stdin"], folder
    )  # espeak-ng(1)


def fault_in_name(name: str) -> str | None:
    """Why no voice can be had under this name; None when one can."""
    program, _, rest = name.partition(":")
    if program not in ("espeak-ng", "piper") or (program == "piper" and not rest):
        return f"{name!r}: no voice. Write {NAMES}"
    if shutil.which(program) is None:
        how = (
            "apt install espeak-ng"
            if program == "espeak-ng"
            else "pip install piper-tts, where doorbell is"
        )
        return f"{program} is not installed: {how}"
    if program == "piper" and not Path(rest).is_file():
        return f"there is no file {rest}. `python -m piper.download_voices` gets a voice"
    return None


def fault_in_speaking(name: str) -> str | None:
    """Why this voice says nothing, in its program's own words; None when it speaks."""
    try:
        with TemporaryDirectory() as folder:
            open_voice(name, Path(folder)).speak("Test")
    except VoiceError as error:
        return f"{name}: {error}"
    return None
