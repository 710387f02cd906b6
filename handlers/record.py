"""Record a clip that begins before the press, and take a picture of the press for the phone."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from devices.camera import Camera, CameraSettings, fault_in_camera
from devices.machine import fault_in_folder, placed
from devices.video import CameraError, MediaFolder, MediaSettings, jpeg_within
from hub import Event, HandlerConfig, checkpoint, emit, handler, later, link, memory, pictures

CLIP_MB = 100  # what a long clip may need


class Config(HandlerConfig, CameraSettings, MediaSettings):
    """Settings of `record`."""

    clip_s: float = Field(10, ge=1, le=300, description="seconds after the last press")
    max_clip_s: float = Field(120, ge=1, le=3600, description="the longest clip, in seconds")

    @model_validator(mode="after")
    def _clip_fits(self) -> Self:
        if self.max_clip_s < self.preroll_s + self.clip_s:
            raise ValueError(
                "max_clip_s is less than preroll_s and clip_s together. Raise it, or lower them"
            )
        return self

    def check(self) -> list[str]:
        """Find a topic that cannot be one switch."""
        return self.faults_in_privacy()

    def absent(self) -> list[str]:
        """Find a camera that is not there, and a folder that cannot be written."""
        faults = {"camera": fault_in_camera(self.camera), "folder": fault_in_folder(self.media)}
        return [placed(f"{key}: ", fault) for key, fault in faults.items() if fault]

    @property
    def files(self) -> MediaFolder:
        """The clips and pictures."""
        return self.media_in(self.state_dir)

    @property
    def media(self) -> Path:
        """The folder of the clips and pictures."""
        return self.files.path


@contextmanager
def open_door_camera(config: Config) -> Iterator[Camera]:
    """Open the camera as long as the process lives, and keep its folder tidy."""
    config.files.remove_parts()
    camera = config.open_camera(link, marker=config.state_dir / "record.private")
    if config.publish_picture != "retained":
        pictures.clear()
    with closing(camera), config.files.tidied(), _obeying(config, camera):
        yield camera


def _obeying(config: Config, camera: Camera) -> AbstractContextManager[None]:
    """Pictures on demand, if any are to be published."""

    def take(door: str, most_bytes: int) -> bytes:
        if door not in (config.doors or [door]) or config.faults_in_doors("door", [door]):
            raise CameraError(f"no camera looks at {door}")
        return jpeg_within(camera.picture(), most_bytes)

    if config.publish_picture == "off":
        return nullcontext()
    return pictures.on_demand(take, camera.private)


def look(event: Event, config: Config, camera: Camera) -> str:
    """The dry run: take a picture that is not kept, and see whether there is room for a clip."""
    if reason := camera.private():
        return f"{reason}: the camera was not tried"
    size = len(camera.picture())
    free_mb = config.files.check_room(size, CLIP_MB)
    return f"a picture of {size / 1000:.0f} kB, {free_mb} MB free"


@handler("doorbell.pressed", max_age_s=30, attempts=4, uses=open_door_camera, drill=look)
def record(event: Event, config: Config, camera: Camera) -> str:
    """Take a picture at once, and record a clip. A press during a clip makes it longer."""
    if reason := camera.private():
        return f"{reason}: nothing is recorded"
    picture = config.files.file(event.time, event.door, event.id, "jpg")
    clip, length_s = camera.start_clip(picture.with_suffix(".mp4"), event.age_s())
    memory["clip"] = presses = _with_press(clip.name, event)
    left_s = max(0.0, min(config.clip_s, config.max_clip_s - length_s))
    later("clip.due", left_s, presses, subject="camera")
    try:
        after_s = camera.snapshot(picture, event.age_s())
    except CameraError:
        checkpoint()  # the clip goes on, and the picture is tried again
        raise
    emit("snapshot.taken", {"path": str(picture), "door": event.door, "after_s": round(after_s, 3)})
    if config.publish_picture != "off":
        kept = config.publish_picture == "retained"
        made = partial(_read, picture)
        pictures.publish(event, made, retain=kept, file=picture)
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


def _read(picture: Path, most_bytes: int) -> bytes:
    return jpeg_within(picture.read_bytes(), most_bytes)


def _with_press(clip: str, event: Event) -> dict[str, Any]:
    """The presses during a clip, by door, with this one among them."""
    known = memory.get("clip", {})
    doors = known["doors"] if known.get("name") == clip else {}
    presses = dict.fromkeys([*doors.get(event.door, []), event.id])
    return {"name": clip, "doors": doors | {event.door: list(presses)}}
