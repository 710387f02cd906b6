"""Record a clip that begins before the press, and take a picture of the press for the phone."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryFile
from typing import Any, Self

from pydantic import Field, model_validator

from devices.camera.camera import Camera, fault_in_name, open_camera
from devices.camera.privacy import Privacy
from devices.lamp.payload import fault_in_topic
from devices.machine.folder import fault_in_folder
from devices.video.files import MB, make_room, sweep, swept_daily
from hub import Event, HandlerConfig, emit, handler, later, link, memory

ROOM_MB = 100


class Config(HandlerConfig):
    """Settings of `record`."""

    camera: str = Field(
        "test",
        description="test, picamera, picamera:1920x1080, /dev/video0, rtsp://…, or a video file",
    )
    preroll_s: float = Field(
        5, ge=0, le=60, description="seconds before the press with which a clip begins"
    )
    clip_s: float = Field(10, ge=1, le=300, description="seconds to record after the last press")
    max_clip_s: float = Field(120, ge=1, le=3600, description="how long presses can make a clip")
    ring_mb: float = Field(
        16, ge=1, le=512, description="how much memory the seconds before the press may take"
    )
    folder: Path | None = Field(
        None, description="where clips and pictures go, from the state folder; else media there"
    )
    keep_days: float = Field(30, gt=0, description="older clips and pictures go")
    keep_free_mb: float = Field(
        500, ge=0, description="the oldest go until so much of the disk is free"
    )
    private_from: time | None = Field(None, description="from then on nothing is seen, like 08:00")
    private_to: time | None = Field(None, description="until then, like 16:30")
    private_topic: str | None = Field(
        None, description="an MQTT topic: on (nothing is seen) or off, retained"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.private_from is None) != (self.private_to is None):
            raise ValueError("private_from and private_to go together. Set both, or neither")
        if self.max_clip_s < self.preroll_s + self.clip_s:
            raise ValueError(
                "max_clip_s is less than preroll_s and clip_s together. Raise it, or lower them"
            )
        return self

    def absent(self) -> list[str]:
        """A camera that is not there, or a folder that takes nothing, is better told now."""
        faults = {"camera": fault_in_name(self.camera), "folder": fault_in_folder(self.media)}
        return [f"{key}: {fault}" for key, fault in faults.items() if fault]

    def check(self) -> list[str]:
        """What is followed is one topic."""
        fault = fault_in_topic(self.private_topic) if self.private_topic is not None else None
        return [f"private_topic: {fault}"] if fault else []

    @property
    def media(self) -> Path:
        """Where clips and pictures go."""
        return self.state_dir / (self.folder or Path("media")).expanduser()


@contextmanager
def watch(config: Config) -> Iterator[Camera]:
    """The camera, open as long as the process lives."""
    sweep(config.media)
    switch = config.state_dir / "record.private" if config.private_topic else None
    privacy = Privacy(config.private_from, config.private_to, switch)
    if config.private_topic:
        link.follow(config.private_topic, privacy.hear)
    camera = open_camera(
        config.camera, preroll_s=config.preroll_s, ring_mb=config.ring_mb, private=privacy
    )
    try:
        with swept_daily(partial(_tidy, config)):
            yield camera
    finally:
        camera.close()


def look(event: Event, config: Config, camera: Camera) -> str:  # noqa: ARG001 - a handler's signature
    """The dry run: a picture now, not kept, and room for a clip."""
    if reason := camera.private():
        return f"{reason}: the camera was not tried"
    size = camera.check()
    config.media.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=config.media) as file:  # it has no name, and goes with its end
        file.write(bytes(size))
    free_mb = disk_usage(config.media).free // MB
    if free_mb < ROOM_MB:
        raise OSError(
            f"{config.media}: {free_mb} MB are free, a clip may need {ROOM_MB}. Remove old clips"
        )
    return f"a picture of {size / 1000:.0f} kB, {free_mb} MB free"


@handler("doorbell.pressed", max_age_s=30, attempts=2, uses=watch, drill=look)
def record(event: Event, config: Config, camera: Camera) -> str:
    """Take the picture at once and let the clip run; a press during a clip lengthens it."""
    if reason := camera.private():
        return f"{reason}: nothing is recorded"
    name = f"{event.time.astimezone():%Y%m%d-%H%M%S}-{event.door}-{event.id[-6:]}"
    picture = config.media / f"{name}.jpg"
    after_s = camera.snapshot(picture, event.age_s())
    emit("snapshot.taken", {"path": str(picture), "door": event.door, "after_s": round(after_s, 3)})
    clip, length_s = camera.start_clip(config.media / f"{name}.mp4", event.age_s())
    memory["clip"] = concerned = _concerns(clip.name, event)
    left_s = max(0.0, min(config.clip_s, config.max_clip_s - length_s))
    later("clip.due", left_s, concerned, subject="camera")
    return f"picture taken, recording {clip.name}"


@handler("clip.due", timeout_s=60, attempts=1, uses=watch)
def finish(event: Event, config: Config, camera: Camera) -> str:
    """The time is up: the clip is complete."""
    clip = camera.finish_clip()
    _tidy(config)
    if clip is None:
        return "no clip: it was cut off by a restart, or the camera gave no picture"
    data = {
        "path": str(clip.path),
        "seconds": round(clip.seconds, 2),
        "preroll_s": round(clip.preroll_s, 2),
    }
    for door, presses in event.data["doors"].items():
        emit("clip.recorded", data | {"door": door, "presses": presses}, subject=door)
    return f"{clip.path.name}, {clip.seconds:.1f} s, {clip.preroll_s:.1f} s of it before the press"


def _concerns(clip: str, event: Event) -> dict[str, Any]:
    """Whose clip it is: all who rang while it ran, at whatever door."""
    known = memory.get("clip", {})
    doors = known["doors"] if known.get("name") == clip else {}
    presses = [*doors.get(event.door, []), event.id]
    return {"name": clip, "doors": doors | {event.door: list(dict.fromkeys(presses))}}


def _tidy(config: Config) -> int:
    return make_room(
        config.media,
        keep_days=config.keep_days,
        keep_free_mb=config.keep_free_mb,
        now_s=datetime.now(UTC).timestamp(),
    )
