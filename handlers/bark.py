"""Make the bell heard in the house: a bark, a chime, or your own sound."""

from functools import partial

from devices.speaker import RepeatedSoundSettings, SoundPlayer
from hub import Event, HandlerConfig, checkpoint, handler, later, quiet


class Config(HandlerConfig, RepeatedSoundSettings):
    """Settings of `bark`."""

    def check(self) -> list[str]:
        """Find sounds and doors that do not exist."""
        return self.faults_in_sounds() + self.faults_in_doors("sound_at", self.sound_at)

    def absent(self) -> list[str]:
        """Find a sound card that is not there, and files that cannot be played."""
        return self.absent_sounds()


def check(event: Event, config: Config, bell: SoundPlayer) -> str:
    """The dry run: decode the sound and open the card, in silence."""
    return bell.check(config.sound_for(event.door))


# A ring that is late is useless, so it is never repeated.
rings = partial(handler, timeout_s=60, on_redelivery="skip", uses=Config.open_bell)


@rings("doorbell.pressed", max_age_s=15, attempts=2, drill=check)
def bark(event: Event, config: Config, bell: SoundPlayer) -> str:
    """Ring, except in quiet hours, and again while no answer comes."""
    silent = config.silent_because(quiet.reason())
    if silent or bell.leaves_out(event.age_s()):
        return silent or "it was ringing already"
    return _ring(event, config, bell, config.repeats)


@rings("bark.again", attempts=1)
def again(event: Event, config: Config, bell: SoundPlayer) -> str:
    """No answer has come: ring once more."""
    left = int(event.data["left"]) - 1
    over = config.repeats_end_because(left, event.age_s())
    return over or config.silent_because(quiet.reason()) or _ring(event, config, bell, left)


@handler("visitor.answered", "visit.missed", max_age_s=3600)
def stop_repeats(event: Event, config: Config) -> str:
    """The visitor was answered, or has left: ring no more."""
    if event.data.get("answer") == "snooze" or event.data.get("late") or not config.repeats:
        return "no reason to stop"
    later("bark.again", 0, {"left": 0})
    return "no more repeats"


def _ring(event: Event, config: Config, bell: SoundPlayer, repeats: int) -> str:
    if repeats:
        later("bark.again", config.repeat_s, {"left": repeats})
        checkpoint()  # the time counts from now, and not from the end of the sound
    return bell.play(config.sound_for(event.door), config.volume_now())
