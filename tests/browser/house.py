"""A house as `doorbell run` starts it, with a video of a visitor in place of a camera."""

import os
import subprocess
import sys
import threading
from fractions import Fraction
from pathlib import Path
from typing import Self

import av

from tests.forked import PATIENCE_S
from tests.house import ROOT, free_port, until
from tests.processes import kill_session

SETTINGS = """
state_dir = "state"

[broker]
port = {broker}

[doors.front]
name = "Front door"

[doors.garden]
name = "Garden gate"

[web]
port = {web}

[handlers.record]
camera = "{camera}"
clip_s = {clip_s}
preroll_s = 1

[handlers.visit]
gap_s = 1

[handlers.light]
when = "always"

[handlers.bark]
speaker = "simulated"
"""

SPEAK = '''"""The voice at the door, without a sound: it takes the place of ours."""

from typing import ClassVar

from hub import Event, HandlerConfig, handler


class Config(HandlerConfig):
    speaks: ClassVar[bool] = True


@handler("visitor.answered")
def speak(event: Event, config: Config) -> str:
    return "said"
'''


class BrowserHouse:
    """`doorbell run`, its page, and its other commands."""

    def __init__(self, folder: Path, camera: str = "test", clip_s: float = 2) -> None:
        self.folder = folder
        self.port = free_port()
        self.lines: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)
        settings = SETTINGS.format(broker=free_port(), web=self.port, camera=camera, clip_s=clip_s)
        (folder / "doorbell.toml").write_text(settings)
        self._voice = folder / "handlers" / "speak.py"
        self._voice.parent.mkdir()
        self.give_voice()

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub.cli.main", "run"],
            cwd=self.folder,
            env=self._variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        kill_session(self.process.pid)
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    @property
    def _variables(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(self.folder)}

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def wait_for(self, part: str) -> str:
        """The first line that holds this."""
        found = lambda: [line for line in self.lines if part in line]  # noqa: E731
        return until(found, lambda: f"{part!r} in:\n" + "\n".join(self.lines))[0]

    def ring(self) -> None:
        """Press Enter, as on the terminal of `doorbell run`."""
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def give_voice(self) -> None:
        """Have a handler that speaks at the door."""
        self._voice.write_text(SPEAK)

    def take_voice(self) -> None:
        """Have none."""
        self._voice.unlink()

    def command(self, *words: str) -> str:
        """What another `doorbell` command prints."""
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli.main", *words],
            cwd=self.folder,
            env=self._variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def write_video(picture: Path, video: Path, seconds: int = 10, rate: int = 10) -> None:
    """A video that shows a picture, for a camera that plays it."""
    with av.open(str(picture)) as opened:
        frame = next(opened.decode(video=0)).reformat(640, 480, "yuv420p")
    with av.open(str(video), "w") as made:
        stream = made.add_stream("libx264", rate=rate)
        stream.width = frame.width
        stream.height = frame.height
        stream.pix_fmt = "yuv420p"
        frame.time_base = Fraction(1, rate)
        for number in range(seconds * rate):
            frame.pts = number
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
