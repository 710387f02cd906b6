"""Settings of a handler that lets people talk with visitors."""

from collections.abc import Callable, Iterable
from pathlib import Path

from pydantic import BaseModel, Field

from devices.speaker.settings import Percent
from devices.talk.check import fault_in_loudspeaker, fault_in_microphone


class TalkSettings(BaseModel):
    """For a handler's settings: `class Config(HandlerConfig, TalkSettings)`."""

    speaker: str = Field("auto", description="auto, default, simulated, or part of a card's name")
    speakers: dict[str, str] = Field({}, description="speakers of their own, by door")
    microphone: str = Field(
        "auto", description="auto, default, simulated, part of a card's name, or a sound file"
    )
    microphones: dict[str, str] = Field({}, description="microphones of their own, by door")
    volume: Percent = Field(80, description="at the door, in percent")
    chime: bool = Field(True, description="a chime before the first word")
    longest_s: float = Field(60, ge=5, le=600, description="seconds that one may hold the button")

    def faults_in_talk(
        self, faults_in_doors: Callable[[str, Iterable[str]], list[str]]
    ) -> list[str]:
        """A line for each door that there is not, for `check`.

        Args:
            faults_in_doors: That of the handler's settings.
        """
        return [
            *faults_in_doors("speakers", self.speakers),
            *faults_in_doors("microphones", self.microphones),
        ]

    def absent_devices(self) -> list[str]:
        """A line for each speaker and microphone that is not there, for `absent`."""
        speakers = {"speaker": self.speaker} | {
            f"speakers.{door}": name for door, name in self.speakers.items()
        }
        microphones = {"microphone": self.microphone} | {
            f"microphones.{door}": name for door, name in self.microphones.items()
        }
        faults = {key: fault_in_loudspeaker(name) for key, name in speakers.items()}
        faults |= {key: fault_in_microphone(name) for key, name in microphones.items()}
        return [f"{key}: {fault}" for key, fault in faults.items() if fault]

    def devices_at(self, door: str) -> tuple[str, str]:
        """The names of the speaker and of the microphone at a door."""
        return self.speakers.get(door, self.speaker), self.microphones.get(door, self.microphone)

    def folder_in(self, state_dir: Path) -> Path:
        """Where a simulated speaker writes what would have been heard."""
        return state_dir / "talk"
