"""Whether speaker and microphone are there, as commands ask that look for what is missing."""

from devices.machine import expanded
from devices.speaker.cards import CAPTURE
from devices.speaker.sounds.samples import SpeakerError, import_miniaudio
from devices.speaker.speaker import fault_in_speaker
from devices.talk.audio import loudspeaker, microphone
from devices.talk.audio.microphone import is_file, open_microphone, read

DEFAULT = ("auto", "default")


def fault_in_microphone(name: str) -> str | None:
    """Check a microphone's name without opening it.

    Returns:
        Why there is no such microphone; None if there is one.
    """
    if name == "simulated" or (name == "auto" and not microphone.is_there()):
        return None
    try:
        if is_file(name):
            read(expanded(name))
        else:
            CAPTURE.find(import_miniaudio(), None if name in DEFAULT else name)
    except SpeakerError as error:
        return f"{error}"
    return None


def fault_in_loudspeaker(name: str) -> str | None:
    """Check a speaker's name without opening it; with `auto` also whether its library is there.

    Returns:
        Why there is no such speaker; None if there is one, or if it will be simulated.
    """
    if name == "auto" and loudspeaker.is_there():
        name = "default"
    return fault_in_speaker(name)


def try_microphone(name: str) -> str:
    """Open a microphone, and listen to nothing.

    Returns:
        What was found, in words.

    Raises:
        SpeakerError: It cannot be used now.
    """
    with open_microphone(name).hearing(len):
        return "the microphone opens"
