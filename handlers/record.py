"""Record a clip that begins before the press, and take a picture of the press for the phone."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import time
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from devices.camera import Camera, Privacy, fault_in_camera, open_camera
from devices.lamp import fault_in_topic
from devices.machine import fault_in_folder
from devices.video import MediaFolder
from hub import Event, HandlerConfig, emit, handler, later, link, memory

CLIP_MB = 100  # what a long clip may need


class Config(HandlerConfig):
    """Settings of `record`."""

    camera: str = Field("test", description="test, picamera, /dev/video0, rtsp://…, a video file")
    preroll_s: float = Field(5, ge=0, le=60, description="seconds of a clip before the press")
    clip_s: float = Field(10, ge=1, le=300, description="seconds after the last press")
    max_clip_s: float = Field(120, ge=1, le=3600, description="the longest clip, in seconds")
    ring_mb: float = Field(16, ge=1, le=512, description="memory for the seconds before the press")
    folder: Path | None = Field(None, description="for clips and pictures; media if not set")
    keep_days: float = Field(30, gt=0, description="older clips and pictures are removed")
    keep_free_mb: float = Field(500, ge=0, description="the oldest ones make room on the disk")
    private_from: time | None = Field(None, description="nothing is recorded from then on")
    private_to: time | None = Field(None, description="until then, like 16:30")
    private_topic: str | None = Field(None, description="an MQTT topic: on (private) or off")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.private_from is None) != (self.private_to is None):
            raise ValueError("private_from and private_to go together. Set both, or neither")
        if self.max_clip_s < self.preroll_s + self.clip_s:
            raise ValueError(
                "max_clip_s is less than preroll_s and clip_s together. Raise it, or lower them"
            )
        return self

    def check(self) -> list[str]:
        """Find a topic that cannot be one switch."""
        fault = fault_in_topic(self.private_topic) if self.private_topic is not None else None
        return [f"private_topic: {fault}"] if fault else []

    def absent(self) -> list[str]:
        """Find a camera that is not there, and a folder that cannot be written."""
        faults = {
            "camera": fault_in_camera(self.camera),
            "folder": fault_in_folder(self.media),
        }
        return [f"{key}: {fault}" for key, fault in faults.items() if fault]

    @property
    def media(self) -> Path:
        """The folder for clips and pictures."""
        return self.state_dir / (self.folder or Path("media")).expanduser()

    @property
    def files(self) -> MediaFolder:
        """The clips and pictures in it."""
        return MediaFolder(self.media, keep_days=self.keep_days, keep_free_mb=self.keep_free_mb)


@contextmanager
def open_door_camera(config: Config) -> Iterator[Camera]:
    """Open the camera as long as the process lives, and keep its folder tidy."""
    config.files.remove_parts()
    marker = config.state_dir / "record.private" if config.private_topic else None
    private = Privacy(config.private_from, config.private_to, marker)
    if config.private_topic:
        link.follow(config.private_topic, private.switch)
    camera = open_camera(
        config.camera, preroll_s=config.preroll_s, ring_mb=config.ring_mb, private=private
    )
    with closing(camera), config.files.tidied():
        yield camera


def look(event: Event, config: Config, camera: Camera) -> str:  # noqa: ARG001 - its shape
    """The dry run: take a picture that is not kept, and see whether there is room for a clip."""
    if reason := camera.private():
        return f"{reason}: the camera was not tried"
    size = camera.check()
    free_mb = config.files.check_room(size, CLIP_MB)
    return f"a picture of {size / 1000:.0f} kB, {free_mb} MB free"


@handler("doorbell.pressed", max_age_s=30, attempts=2, uses=open_door_camera, drill=look)
def record(event: Event, config: Config, camera: Camera) -> str:
    """Take a picture at once, and record a clip. A press during a clip makes it longer."""
    if reason := camera.private():
        return f"{reason}: nothing is recorded"
    picture = config.files.file(event.time, event.door, event.id, "jpg")
    after_s = camera.snapshot(picture, event.age_s())
    emit("snapshot.taken", {"path": str(picture), "door": event.door, "after_s": round(after_s, 3)})
    clip, length_s = camera.start_clip(picture.with_suffix(".mp4"), event.age_s())
    memory["clip"] = presses = _with_press(clip.name, event)
    left_s = max(0.0, min(config.clip_s, config.max_clip_s - length_s))
    later("clip.due", left_s, presses, subject="camera")
    return f"picture taken, recording {clip.name}"


@handler("clip.due", timeout_s=60, attempts=1, uses=open_door_camera)
def finish(event: Event, config: Config, camera: Camera) -> str:
    """The clip is long enough: finish it, and publish it for each door that rang."""
    clip = camera.finish_clip()
    config.files.make_room()
    if clip is None:
        return "no clip: it was cut off by a restart, or the camera gave no picture"
    data = {"path": str(clip.path), "seconds": round(clip.seconds, 2)}
    data["preroll_s"] = round(clip.preroll_s, 2)
    for door, presses in event.data["doors"].items():
        emit("clip.recorded", data | {"door": door, "presses": presses}, subject=door)
    return f"{clip.path.name}, {clip.seconds:.1f} s, {clip.preroll_s:.1f} s of it before the press"


def _with_press(clip: str, event: Event) -> dict[str, Any]:
    """The presses during a clip, by door, with this one among them."""
    known = memory.get("clip", {})
    doors = known["doors"] if known.get("name") == clip else {}
    presses = dict.fromkeys([*doors.get(event.door, []), event.id])
    return {"name": clip, "doors": doors | {event.door: list(presses)}}
