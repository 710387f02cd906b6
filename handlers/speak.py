"""Speak to the visitor: the answer, or that no answer comes. It is off until you switch it on."""

from contextlib import AbstractContextManager
from functools import partial
from typing import ClassVar

from devices.speaker import Announcer, VisitorVoiceSettings
from hub import Event, HandlerConfig, handler, quiet


class Config(HandlerConfig, VisitorVoiceSettings):
    """Settings of `speak`."""

    speaks: ClassVar[bool] = True
    enabled: bool = False

    def check(self) -> list[str]:
        """Find a voice that does not exist."""
        return self.faults_in_voice() if self.enabled else []

    def absent(self) -> list[str]:
        """Find a sound card that is not there, and a language that the voice does not speak."""
        return self.absent_voice()


def open_voice(config: Config) -> AbstractContextManager[Announcer]:
    """Open the voice, with all texts ready, and the speaker."""
    return config.open_announcer(config.state_dir, config.texts)


# A text that a crash interrupted is not said again: the visitor may have left.
spoken = partial(handler, timeout_s=40, attempts=3, on_redelivery="skip", uses=open_voice)


@spoken("visitor.answered", max_age_s=30)
def answer(event: Event, config: Config, voice: Announcer) -> str:
    """Say the text for this answer, or the words that a person typed."""
    if event.data.get("late"):
        return "this visitor has left"
    text = config.text_for(str(event.data.get("answer", "")))
    return config.say(text, voice, quiet.reason())


@spoken("visit.missed", max_age_s=30)
def regret(event: Event, config: Config, voice: Announcer) -> str:
    """Say that no answer comes. After an outage no visitor is there to hear it."""
    if event.data.get("late"):
        return "the visitor left long ago"
    return config.say(config.missed, voice, quiet.reason())


@spoken("notification.sent", max_age_s=15)
def reassure(event: Event, config: Config, voice: Announcer) -> str:
    """Say that a phone was notified."""
    return config.say(config.told, voice, quiet.reason())


@handler("doorbell.drilled", max_age_s=300, attempts=1, timeout_s=40, uses=open_voice)
def rehearse(event: Event, config: Config, voice: Announcer) -> str:
    """The dry run: speak into a file and open the card, in silence."""
    return f"{config.voice} speaks; {voice.check(config.missed or 'Test')}"
