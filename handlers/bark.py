"""Make the bell heard in the house: a bark, a chime, or your own sound."""

from contextlib import AbstractContextManager

from pydantic import Field

from devices.speaker import SoundPlayer, SoundSettings
from hub import Event, HandlerConfig, checkpoint, handler, later, quiet

LATE_S = 5.0  # after an outage a repeat would wake people for a visitor who has left


class Config(HandlerConfig, SoundSettings):
    """Settings of `bark`."""

    repeats: int = Field(0, ge=0, le=20, description="repeats while no answer comes")
    repeat_s: float = Field(10, ge=1, le=300, description="seconds between two of them")

    def check(self) -> list[str]:
        """Find sounds and doors that do not exist."""
        return self.faults_in_sounds() + self.faults_in_doors("sound_at", self.sound_at)

    def absent(self) -> list[str]:
        """Find a sound card that is not there, and files that cannot be played."""
        return self.absent_sounds()


def open_bell(config: Config) -> AbstractContextManager[SoundPlayer]:
    """Open the speaker, with all sounds ready."""
    return config.open_player(config.state_dir)


def check(event: Event, config: Config, bell: SoundPlayer) -> str:
    """The dry run: decode the sound and open the card, in silence."""
    return bell.check(config.sound_for(event.door))


@handler(
    "doorbell.pressed",
    timeout_s=60,
    max_age_s=15,
    attempts=2,
    on_redelivery="skip",
    uses=open_bell,
    drill=check,
)
def bark(event: Event, config: Config, bell: SoundPlayer) -> str:
    """Ring, except in quiet hours. A ring that is late is useless, so it is never repeated."""
    if (reason := quiet.reason()) and not config.even_when_quiet:
        return f"silent: {reason}"
    if bell.leaves_out(event.age_s()):
        return "it was ringing already"
    return _ring(event, config, bell, repeats=config.repeats)


@handler("bark.again", timeout_s=60, attempts=1, on_redelivery="skip", uses=open_bell)
def again(event: Event, config: Config, bell: SoundPlayer) -> str:
    """No answer has come: ring once more."""
    left = int(event.data["left"]) - 1
    if left < 0:
        return "the visitor was answered"
    if event.age_s() > LATE_S:
        return "it is too late for that"
    if (reason := quiet.reason()) and not config.even_when_quiet:
        return f"silent: {reason}"
    return _ring(event, config, bell, repeats=left)


@handler("visitor.answered", "visit.missed", max_age_s=3600)
def stop_repeats(event: Event, config: Config) -> str:
    """The visitor was answered, or has left: ring no more."""
    if event.data.get("answer") == "snooze" or event.data.get("late") or not config.repeats:
        return "no reason to stop"
    later("bark.again", 0, {"left": 0})
    return "no more repeats"


def _ring(event: Event, config: Config, bell: SoundPlayer, *, repeats: int) -> str:
    if repeats:
        later("bark.again", config.repeat_s, {"left": repeats})
        checkpoint()  # the time counts from now, and not from the end of the sound
    return bell.play(config.sound_for(event.door), config.volume_now())
