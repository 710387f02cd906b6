"""Says texts on a speaker, each turned into a sound file once."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from devices.speaker.speaker import Speaker, open_speaker
from devices.speaker.voice import Voice, open_voice


class Announcer:
    """A voice on a speaker.

    Args:
        voice: Turns texts into sounds.
        speaker: Plays the sounds.
    """

    def __init__(self, voice: Voice, speaker: Speaker) -> None:
        self.voice = voice
        self.speaker = speaker

    def announce(self, text: str, percent: float) -> None:
        """Say a text, and wait until it was heard.

        Args:
            text: What to say.
            percent: The volume, 0 to 100.

        Raises:
            VoiceError: The voice cannot speak.
            SpeakerError: The speaker cannot play now. Another attempt later may succeed.
        """
        self.speaker.play(self.voice.speak(text), percent / 100)

    def check(self, text: str) -> str:
        """Let the voice speak into a file, and open the sound card, without playing anything.

        Returns:
            What the speaker found, in words.

        Raises:
            VoiceError: The voice cannot speak.
            SpeakerError: The speaker cannot play now.
        """
        return self.speaker.check(self.voice.speak(text))


@contextmanager
def open_announcer(
    voice: str, speaker: str, folder: Path, texts: Iterable[str] = ()
) -> Iterator[Announcer]:
    """Open a voice and a speaker, and close the speaker at the end.

    Args:
        voice: The voice's name; see `open_voice`.
        speaker: The speaker's name; see `open_speaker`.
        folder: Where the sound files are kept.
        texts: Texts to prepare now, so that nobody waits for the voice later.

    Raises:
        VoiceError: There is no such voice, or it cannot speak.
        SpeakerError: There is no such sound card.
    """
    opened_voice = open_voice(voice, folder / "voice")
    for text in texts:
        opened_voice.speak(text)
    opened_speaker = open_speaker(speaker, folder / "heard")
    try:
        yield Announcer(opened_voice, opened_speaker)
    finally:
        opened_speaker.close()
