"""A door with a speaker and a microphone that do what a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices.speaker import SpeakerError
from devices.talk import line as lines
from devices.talk import server
from devices.talk.audio.pcm import BLOCK_BYTES
from devices.talk.line import Line
from devices.talk.server import serving_talk
from tests.devices.talk.client import Client

PATIENT_S = 600.0  # on a busy machine nobody has vanished, and no speaker has stopped


class Speaker:
    """A loudspeaker that takes as much as it is let, at once."""

    def __init__(self):
        self.played = b""
        self.is_open = False
        self.fault = ""
        self.is_stuck = False

    @contextmanager
    def playing(self, take):
        if self.fault:
            raise SpeakerError(self.fault)
        self.is_open = True
        is_over = threading.Event()

        def run():
            while not is_over.wait(0.001):
                if not self.is_stuck:
                    self.played += take(BLOCK_BYTES)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
            self.is_open = False


class Microphone:
    """One that hears what it is told to."""

    def __init__(self):
        self.hear = None
        self.fault = ""

    @contextmanager
    def hearing(self, hear):
        if self.fault:
            raise SpeakerError(self.fault)
        self.hear = hear
        try:
            yield
        finally:
            self.hear = None


class Door:
    """A door with both, served in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.speaker = Speaker()
        self.microphone = Microphone()
        self.private = None
        self._clients = []
        self.line = Line(
            self.speaker, self.microphone, lambda: self.private, volume=0.5, longest_s=600
        )

    def line_to(self, door):
        if door != "front":
            raise SpeakerError(f"no speaker at {door}")
        return self.line

    def ask(self, request, **fields):
        self._clients.append(Client(self.folder, request, **fields))
        return self._clients[-1]

    def say(self, **fields):
        return self.ask("POST /front/say", **fields)

    def listen(self):
        return self.ask("GET /front/listen")

    def close(self):
        for client in self._clients:
            client.close()


@contextmanager
def serving_door(folder: Path) -> Iterator[Door]:
    """Such a door, served in a folder."""
    door = Door(folder)
    with pytest.MonkeyPatch.context() as patch, serving_talk(folder, door.line_to):
        patch.setattr(server.TalkServer, "stalled_s", PATIENT_S)
        patch.setattr(server, "STUCK_S", PATIENT_S)
        for limit in ("STUCK_S", "HANDOVER_S", "LONGEST_S"):
            patch.setattr(lines, limit, PATIENT_S)
        yield door
        door.close()
