"""Speak to the visitor: the answer, or that no answer comes. It is off until you switch it on."""

from contextlib import AbstractContextManager
from functools import partial

from pydantic import Field

from devices.speaker import (
    Announcer,
    SpeakerSettings,
    fault_in_speaker,
    fault_in_speaking,
    fault_in_voice,
    open_announcer,
)
from hub import Event, HandlerConfig, handler, quiet

ANSWERS = {
    "coming": "Somebody is coming.",
    "leave_it": "Please leave it at the door. Thank you.",
}
LONGEST_TEXT = 200  # characters of an answer that a person typed


class Config(HandlerConfig, SpeakerSettings):
    """Settings of `speak`."""

    enabled: bool = False
    voice: str = Field("espeak-ng", description="espeak-ng, espeak-ng:LANGUAGE or piper:FILE.onnx")
    volume: float = Field(90, ge=0, le=100, description="in percent")
    answers: dict[str, str] = Field(ANSWERS, description="the text for each answer")
    told: str = Field("", description="said when a phone was notified; nothing if empty")
    missed: str = Field("Sorry, nobody answers.", description="said without an answer")

    def check(self) -> list[str]:
        """Find a voice that does not exist."""
        fault = fault_in_voice(self.voice) if self.enabled else None
        return [f"voice: {fault}"] if fault else []

    def absent(self) -> list[str]:
        """Find a sound card that is not there, and a language that the voice does not speak."""
        faults = {"speaker": fault_in_speaker(self.speaker), "voice": fault_in_speaking(self.voice)}
        return [f"{key}: {fault}" for key, fault in faults.items() if fault]


def open_voice(config: Config) -> AbstractContextManager[Announcer]:
    """Open the voice, with all texts ready, and the speaker."""
    texts = filter(None, [*config.answers.values(), config.told, config.missed])
    return open_announcer(config.voice, config.speaker, config.state_dir, texts)


# A text that a crash interrupted is not said again: the visitor may have left.
spoken = partial(handler, timeout_s=40, attempts=3, on_redelivery="skip", uses=open_voice)


@spoken("visitor.answered", max_age_s=30)
def answer(event: Event, config: Config, voice: Announcer) -> str:
    """Say the text for this answer, or the words that a person typed."""
    if event.data.get("late"):
        return "this visitor has left"
    words = str(event.data.get("answer", ""))
    typed = words[:LONGEST_TEXT] if " " in words else ""
    return _say(config.answers.get(words) or typed, config, voice)


@spoken("visit.missed", max_age_s=30)
def regret(event: Event, config: Config, voice: Announcer) -> str:
    """Say that no answer comes. After an outage no visitor is there to hear it."""
    if event.data.get("late"):
        return "the visitor left long ago"
    return _say(config.missed, config, voice)


@spoken("notification.sent", max_age_s=15)
def reassure(event: Event, config: Config, voice: Announcer) -> str:  # noqa: ARG001 - its shape
    """Say that a phone was notified."""
    return _say(config.told, config, voice)


@handler("doorbell.drilled", max_age_s=300, attempts=1, timeout_s=40, uses=open_voice)
def rehearse(event: Event, config: Config, voice: Announcer) -> str:  # noqa: ARG001 - its shape
    """The dry run: speak into a file and open the card, in silence."""
    return f"{config.voice} speaks; {voice.check(config.missed or 'Test')}"


def _say(text: str, config: Config, voice: Announcer) -> str:
    if not text:
        return "nothing to say"
    if (reason := quiet.reason()) and not config.even_when_quiet:
        return f"silent: {reason}"
    voice.announce(text, config.volume)
    return f"said: {text}"
