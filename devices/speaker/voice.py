"""A voice: a speech program of the system turns a text into a sound file."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from devices.device_error import DeviceError
from devices.machine import is_file
from devices.machine.atomic_file import atomic_write

TIMEOUT_S = 30.0  # Piper takes its time on a Raspberry Pi
VOICES = "espeak-ng, espeak-ng:LANGUAGE (like espeak-ng:de), or piper:/path/to/voice.onnx"
INSTALL = {
    "espeak-ng": "apt install espeak-ng",
    "piper": "pip install piper-tts, where doorbell is",
}


class Voice(Protocol):
    """Something that speaks."""

    def speak(self, text: str) -> Path:
        """Turn a text into a WAV file. The file is kept for the next time.

        Raises:
            VoiceError: The program failed. The text is the program's own.
        """


class VoiceError(DeviceError, RuntimeError):
    """The voice cannot speak. The text says why, and what to do."""


class ProgramVoice:
    """A program that reads a text from its standard input, and writes a WAV file.

    Args:
        command: The program and its arguments. `{}` stands for the file to write.
        folder: Where the files are kept.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command = command
        self._folder = folder

    def speak(self, text: str) -> Path:
        """See Voice."""
        key = hashlib.sha256("\0".join((*self._command, text)).encode()).hexdigest()[:16]
        path = self._folder / f"{key}.wav"
        if not path.exists():
            with atomic_write(path) as part:
                self._run(text, part)
        return path

    def _run(self, text: str, path: Path) -> None:
        command = [part.replace("{}", str(path)) for part in self._command]
        program = command[0]
        try:
            subprocess.run(
                command, input=text.encode(), capture_output=True, timeout=TIMEOUT_S, check=True
            )
        except subprocess.CalledProcessError as error:
            lines = error.stderr.decode(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else f"it ended with {error.returncode}"
            raise VoiceError(f"{program}: {reason}") from error
        except subprocess.TimeoutExpired as error:
            raise VoiceError(f"{program}: it took longer than {TIMEOUT_S:g} s") from error
        except OSError as error:
            raise VoiceError(f"{program}: {error.strerror}") from error
        if not path.exists() or not path.stat().st_size:
            raise VoiceError(f"{program} wrote no sound")


def open_voice(name: str, folder: Path) -> Voice:
    """Open a voice.

    Args:
        name: One of the forms in `VOICES`.
        folder: Where the sound files are kept.

    Raises:
        VoiceError: There is no such voice, or its program is not installed.
    """
    if fault := fault_in_voice(name):
        raise VoiceError(fault)
    program, _, rest = name.partition(":")
    if program == "piper":  # https://github.com/OHF-Voice/piper1-gpl, docs/CLI.md
        return ProgramVoice(["piper", "-m", rest, "-f", "{}"], folder)
    language = rest or "en"  # espeak-ng(1)
    return ProgramVoice(["espeak-ng", "-v", language, "-w", "{}", "--stdin"], folder)


def fault_in_voice(name: str) -> str | None:
    """Check a voice's name, and whether its program and file are there.

    Returns:
        What is wrong; None if the voice can be opened.
    """
    program, _, rest = name.partition(":")
    if program not in INSTALL or (program == "piper" and not rest):
        return f"{name!r}: no voice. Write {VOICES}"
    if shutil.which(program) is None:
        return f"{program} is not installed: {INSTALL[program]}"
    if program == "piper" and not is_file(Path(rest)):
        return f"there is no file {rest}. `python -m piper.download_voices` gets a voice"
    return None


def fault_in_speaking(name: str) -> str | None:
    """Let a voice speak into a file that is not kept.

    Returns:
        Why it cannot speak, in its program's own words; None if it can.
    """
    try:
        with TemporaryDirectory() as folder:
            open_voice(name, Path(folder)).speak("Test")
    except VoiceError as error:
        return f"{name}: {error}"
    return None
