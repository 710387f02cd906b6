"""The sound in the house: which sound card, which sound, and whether it is heard."""

from pathlib import Path

from devices.speaker import (
    SOUNDS,
    SimulatedSpeaker,
    SpeakerError,
    fault_in_playing,
    fault_in_sound,
    fault_in_speaker,
    find_sound,
    list_outputs,
    open_speaker,
)
from hub.admin.setup.dialog import NONE, Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.questions.file_viewing import shelf
from hub.admin.setup.toml_edit import Changes

BARK = ("handlers", "bark")
AUTO = "auto"
VOLUME = 80
HOMES = ("/home/", "/root/")
HINTS = (
    "`alsamixer` shows each card's volume; F6 chooses the card, M switches a muted one on.",
    "HDMI plays through the screen; the headphone socket and USB are cards of their own.",
    "`speaker-test -c 2 -t wav` plays on the default card without doorbell.",
)


def ask_sound(dialog: Dialog, draft: Draft) -> Changes:
    """Ask for a card and a sound, and play it; none switches `bark` off."""
    known = draft.get(*BARK, "speaker")
    off = draft.get(*BARK, "enabled", kind=bool) is False
    names, fault = _outputs()
    found = [(AUTO, "auto: the default card, if there is one")]
    if names:
        found.append(("default", "default: the system's default card"))
    found += [(name, name) for name in names]
    if known and known not in [name for name, _ in found]:
        found.append((known, f"as now: {known}"))
    if fault:
        dialog.explain(f"✗ {fault}.")
    speaker, sound = known or AUTO, draft.get(*BARK, "sound", default="bark")
    speaker = NONE if off or (fault and not known) else speaker
    while True:
        speaker = dialog.pick("Number, or none", speaker, found, fault_in_speaker)
        if speaker == NONE:
            return {(*BARK, "enabled"): False}
        dialog.explain(f"Sounds: {', '.join(SOUNDS)}, or the path of a WAV, FLAC or MP3 file.")
        sound = dialog.ask("Sound", sound, understand_sound)
        if sound.startswith(HOMES):
            hint = "Put the file into /etc/doorbell, for example, and name it there"
            dialog.explain(f"Under systemd `bark` cannot see home folders. {hint}.")
        if _is_heard(dialog, draft, speaker, sound):
            return {(*BARK, "speaker"): speaker, (*BARK, "sound"): sound, (*BARK, "enabled"): None}


def understand_sound(typed: str) -> str:
    """One of our sounds, or a file.

    Raises:
        ValueError: it is neither, or cannot be played.
    """
    if fault := fault_in_sound(typed) or fault_in_playing(typed):
        raise ValueError(fault)
    return typed if typed in SOUNDS else str(Path(typed).expanduser().absolute())


def _outputs() -> tuple[list[str], str]:
    try:
        return list_outputs(), ""
    except SpeakerError as error:
        return [], str(error)


def _is_heard(dialog: Dialog, draft: Draft, name: str, sound: str) -> bool:
    """Play it, and ask whether it was heard; returns whether to take it."""
    volume = draft.get(*BARK, "volume", kind=(int, float), default=VOLUME)
    with shelf() as folder:
        try:
            speaker = open_speaker(name, folder / "heard")
            if isinstance(speaker, SimulatedSpeaker):
                dialog.explain("There is no sound card: sounds are written into files instead.")
                return True
            dialog.show("Playing …")
            try:
                speaker.play(find_sound(sound, folder), volume / 100)
            finally:
                speaker.close()
        except SpeakerError as error:
            dialog.explain(f"✗ {error}")
        else:
            if dialog.agree("Did you hear it?"):
                return True
    for hint in HINTS:
        dialog.explain(f"→ {hint}")
    return not dialog.agree("Try again, or choose another?")
