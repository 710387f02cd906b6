"""Speak to the visitor: somebody was told, the answer, or that nobody answers. Off until it is switched on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pydantic import Field

from devices.speaker import speaker as speakers
from devices.speaker import voice as voices
from devices.speaker.speaker import Speaker
from devices.speaker.voice import Voice
from hub import Event, HandlerConfig, handler, quiet

ANSWERS = {
    "coming": "Somebody is coming.",
    "leave_it": "Please leave it at the door. Thank you.",
}
SPOKEN = 200  # characters of words that somebody typed


class Config(HandlerConfig):
    """Settings of `speak`."""

    enabled: bool = False
    speaker: str = Field(
        "auto", description="auto, default, simulated, or part of a sound card's name"
    )
    voice: str = Field(
        "espeak-ng", description="espeak-ng, espeak-ng:LANGUAGE or piper:/path/to/voice.onnx"
    )
    volume: float = Field(90, ge=0, le=100, description="in percent")
    answers: dict[str, str] = Field(
        ANSWERS, description="what is said for each; other words are said as they are"
    )
    told: str = Field("", description="said when a phone was told; nothing if empty")
    missed: str = Field(
        "Sorry, nobody answers.", description="said when nobody answers; nothing if empty"
    )
    even_when_quiet: bool = Field(False, description="also in quiet hours")

    def check(self) -> list[str]:
        """Without a voice nothing can be said."""
        fault = voices.fault_in_name(self.voice) if self.enabled else None
        return [f"voice: {fault}"] if fault else []

    def absent(self) -> list[str]:
        """A sound card that is not there, or a language that nobody speaks, is better told now."""
        faults = {
            "speaker": speakers.fault_in_name(self.speaker),
            "voice": voices.fault_in_speaking(self.voice),
        }
        return [f"{key}: {fault}" for key, fault in faults.items() if fault]


class Mouth(NamedTuple):
    """What is spoken with."""

    voice: Voice
    speaker: Speaker


@contextmanager
def open_mouth(config: Config) -> Iterator[Mouth]:
    """The voice, which has all texts ready, and the speaker."""
    voice = voices.open_voice(config.voice, config.state_dir / "voice")
    for text in filter(None, [*config.answers.values(), config.told, config.missed]):
        voice.speak(text)
    speaker = speakers.open_speaker(config.speaker, config.state_dir / "heard")
    try:
        yield Mouth(voice, speaker)
    finally:
        speaker.close()


@handler(
    "visitor.answered",
    timeout_s=40,
    max_age_s=30,
    attempts=3,
    on_redelivery="skip",
    uses=open_mouth,
)
def answer(event: Event, config: Config, mouth: Mouth) -> str:
    """Say it at the door: what is set for this answer, or the words that somebody typed."""
    if event.data.get("late"):
        return "who was meant has left"
    words = str(event.data.get("answer", ""))
    return _say(
        config.answers.get(words) or (words[:SPOKEN] if " " in words else ""), config, mouth
    )


@handler(
    "visit.missed", timeout_s=40, max_age_s=30, attempts=3, on_redelivery="skip", uses=open_mouth
)
def regret(event: Event, config: Config, mouth: Mouth) -> str:
    """Nobody answers, and the visitor need not wait; after an outage no visitor does."""
    if event.data.get("late"):
        return "the visitor left long ago"
    return _say(config.missed, config, mouth)


@handler(
    "notification.sent",
    timeout_s=40,
    max_age_s=15,
    attempts=3,
    on_redelivery="skip",
    uses=open_mouth,
)
def reassure(event: Event, config: Config, mouth: Mouth) -> str:  # noqa: ARG001 - a handler's signature
    """Somebody was told."""
    return _say(config.told, config, mouth)


@handler("doorbell.drilled", max_age_s=300, attempts=1, timeout_s=40, uses=open_mouth)
def rehearse(event: Event, config: Config, mouth: Mouth) -> str:  # noqa: ARG001 - a handler's signature
    """The dry run: the voice has a sound for a text and the card opens, and nobody hears it."""
    found = mouth.speaker.check(mouth.voice.speak(config.missed or "Test"))
    return f"{config.voice} speaks; {found}"


def _say(text: str, config: Config, mouth: Mouth) -> str:
    if not text:
        return "nothing to say"
    if (reason := quiet.reason()) and not config.even_when_quiet:
        return f"silent: {reason}"
    mouth.speaker.play(mouth.voice.speak(text), config.volume / 100)
    return f"said: {text}"
