"""Speakers, sounds and voices."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.speaker.alsa import AlsaSpeaker as AlsaSpeaker
    from devices.speaker.announcer import Announcer as Announcer
    from devices.speaker.announcer import open_announcer as open_announcer
    from devices.speaker.cards import list_outputs as list_outputs
    from devices.speaker.chime_output import ChimeOutput as ChimeOutput
    from devices.speaker.chime_output import RelayChime as RelayChime
    from devices.speaker.player import Overlap as Overlap
    from devices.speaker.player import SoundPlayer as SoundPlayer
    from devices.speaker.player import open_player as open_player
    from devices.speaker.player import volume_at as volume_at
    from devices.speaker.settings import RepeatedSoundSettings as RepeatedSoundSettings
    from devices.speaker.settings import SoundSettings as SoundSettings
    from devices.speaker.settings import SpeakerSettings as SpeakerSettings
    from devices.speaker.sounds.bark import write_bark as write_bark
    from devices.speaker.sounds.chimes import write_chime as write_chime
    from devices.speaker.sounds.library import SOUNDS as SOUNDS
    from devices.speaker.sounds.library import fault_in_playing as fault_in_playing
    from devices.speaker.sounds.library import fault_in_sound as fault_in_sound
    from devices.speaker.sounds.library import fault_in_sound_file as fault_in_sound_file
    from devices.speaker.sounds.library import find_sound as find_sound
    from devices.speaker.sounds.samples import SpeakerError as SpeakerError
    from devices.speaker.speaker import SimulatedSpeaker as SimulatedSpeaker
    from devices.speaker.speaker import Speaker as Speaker
    from devices.speaker.speaker import fault_in_speaker as fault_in_speaker
    from devices.speaker.speaker import open_speaker as open_speaker
    from devices.speaker.voice import VOICES as VOICES
    from devices.speaker.voice import ProgramVoice as ProgramVoice
    from devices.speaker.voice import Voice as Voice
    from devices.speaker.voice import VoiceError as VoiceError
    from devices.speaker.voice import fault_in_speaking as fault_in_speaking
    from devices.speaker.voice import fault_in_voice as fault_in_voice
    from devices.speaker.voice import open_voice as open_voice
    from devices.speaker.voice_settings import VisitorVoiceSettings as VisitorVoiceSettings
    from devices.speaker.voice_settings import VoiceSettings as VoiceSettings
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "alsa": ["AlsaSpeaker"],
            "announcer": ["Announcer", "open_announcer"],
            "cards": ["list_outputs"],
            "chime_output": ["ChimeOutput", "RelayChime"],
            "sounds.chimes": ["write_chime"],
            "sounds.library": [
                "SOUNDS",
                "fault_in_playing",
                "fault_in_sound",
                "fault_in_sound_file",
                "find_sound",
            ],
            "player": ["Overlap", "SoundPlayer", "open_player", "volume_at"],
            "sounds.samples": ["SpeakerError"],
            "settings": ["RepeatedSoundSettings", "SoundSettings", "SpeakerSettings"],
            "speaker": ["SimulatedSpeaker", "Speaker", "fault_in_speaker", "open_speaker"],
            "voice": [
                "VOICES",
                "ProgramVoice",
                "Voice",
                "VoiceError",
                "fault_in_speaking",
                "fault_in_voice",
                "open_voice",
            ],
            "voice_settings": ["VisitorVoiceSettings", "VoiceSettings"],
            "sounds.bark": ["write_bark"],
        },
    )
