"""Settings of a handler that speaks."""

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from pydantic import Field

from devices.speaker.announcer import Announcer, open_announcer
from devices.speaker.settings import Percent, SpeakerSettings
from devices.speaker.speaker import fault_in_speaker
from devices.speaker.voice import fault_in_speaking, fault_in_voice
from devices.words import ENGLISH, language
from devices.words import gettext as _

CODE = re.compile("[a-z_]*")
LONGEST_TEXT = 200  # characters of an answer that a person typed


def voice_of_the_house() -> str:
    """espeak-ng, which speaks many languages, in that of the house."""
    if language() == ENGLISH:
        return "espeak-ng"
    return f"espeak-ng:{language()}"


class VoiceSettings(SpeakerSettings):
    """For a handler that speaks: `class Config(HandlerConfig, VoiceSettings)`."""

    voice: str = Field(
        default_factory=voice_of_the_house,
        description="espeak-ng, espeak-ng:LANGUAGE or piper:FILE.onnx",
    )
    volume: Percent = Field(90, description="in percent")

    def faults_in_voice(self) -> list[str]:
        """A line if the voice does not exist, for `check`."""
        fault = fault_in_voice(self.voice)
        return [f"voice: {fault}"] if fault else []

    def absent_voice(self) -> list[str]:
        """A line if the sound card is not there, or the voice lacks the language. For `absent`."""
        faults = {"speaker": fault_in_speaker(self.speaker), "voice": fault_in_speaking(self.voice)}
        return [f"{key}: {fault}" for key, fault in faults.items() if fault]

    def open_announcer(
        self, folder: Path, texts: Iterable[str]
    ) -> AbstractContextManager[Announcer]:
        """Open the voice and the speaker, with these texts ready; see `open_announcer`."""
        return open_announcer(self.voice, self.speaker, folder, filter(None, texts))

    def say(self, text: str, voice: Announcer, quiet: str | None) -> str:
        """Say a text, unless it is empty or nothing may make a noise now.

        Args:
            text: What to say.
            voice: See `open_announcer`.
            quiet: Why nothing may make a noise now, like `hub.quiet.reason()`; None if it may.

        Returns:
            What was done, in words.

        Raises:
            VoiceError: See Announcer.
            SpeakerError: See Announcer.
        """
        if not text:
            return "nothing to say"
        if silent := self.silent_because(quiet):
            return silent
        voice.announce(text, self.volume)
        return f"said: {text}"


class VisitorVoiceSettings(VoiceSettings):
    """For one that speaks to visitors: `class Config(HandlerConfig, VisitorVoiceSettings)`."""

    answers: dict[str, str] = Field(
        default_factory=lambda: {
            "coming": _("Somebody is coming."),
            "leave_it": _("Please leave it at the door. Thank you."),
        },
        description="the text for each answer",
    )
    told: str = Field("", description="said when a phone was notified; nothing if empty")
    missed: str = Field(
        default_factory=lambda: _("Sorry, nobody answers."), description="said without an answer"
    )

    @property
    def texts(self) -> list[str]:
        """All texts that are known before somebody rings."""
        return [*self.answers.values(), self.told, self.missed]

    def text_for(self, answer: str) -> str:
        """The text for an answer: the one that is set, or the words that a person typed."""
        is_code = CODE.fullmatch(answer) is not None  # like snooze, which is for the phone
        return self.answers.get(answer) or ("" if is_code else answer[:LONGEST_TEXT])
