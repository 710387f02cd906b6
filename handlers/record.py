"""Record a clip, and take a picture for the phone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryFile

from pydantic import Field

from devices.camera import Camera, fault_in_name, open_camera
from devices.footage import sweep
from hub import Event, HandlerConfig, emit, handler, later

MB = 1_000_000
ROOM_MB = 100


class Config(HandlerConfig):
    """Settings of `record`."""

    camera: str = Field("test", description="test, picamera, /dev/video0, rtsp://…, or a video file")
    clip_s: float = Field(10, ge=1, le=300, description="seconds to record after the last press")
    folder: Path | None = Field(None, description="where clips and pictures go; media in the state folder if not set")

    def absent(self) -> list[str]:
        """A camera that is not there is better told now."""
        fault = fault_in_name(self.camera)
        return [f"camera: {fault}"] if fault else []

    @property
    def media(self) -> Path:
        """Where clips and pictures go."""
        return self.folder or self.state_dir / "media"


@contextmanager
def watch(config: Config) -> Iterator[Camera]:
    """The camera, open as long as the process lives."""
    sweep(config.media)
    camera = open_camera(config.camera)
    try:
        yield camera
    finally:
        camera.close()


def look(event: Event, config: Config, camera: Camera) -> str:  # noqa: ARG001 - a handler's signature
    """The dry run: a picture now, not kept, and room for a clip."""
    size = camera.check()
    config.media.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=config.media) as file:  # it has no name, and goes with its end
        file.write(bytes(size))
    free_mb = disk_usage(config.media).free // MB
    if free_mb < ROOM_MB:
        raise OSError(f"{config.media}: {free_mb} MB are free, a clip may need {ROOM_MB}. Remove old clips")
    return f"a picture of {size / 1000:.0f} kB, {free_mb} MB free"


@handler("doorbell.pressed", max_age_s=30, attempts=2, uses=watch, drill=look)
def record(event: Event, config: Config, camera: Camera) -> str:
    """Take the picture at once and let the clip run; a press during a clip lengthens it."""
    name = f"{event.time.astimezone():%Y%m%d-%H%M%S}-{event.door}-{event.id[-6:]}"
    picture = config.media / f"{name}.jpg"
    camera.snapshot(picture)
    emit("snapshot.taken", {"path": str(picture), "door": event.door})
    clip = camera.start_clip(config.media / f"{name}.mp4")
    later("clip.due", config.clip_s, {"door": event.door}, subject="camera")
    return f"picture taken, recording {clip.name}"


@handler("clip.due", timeout_s=60, attempts=1, uses=watch)
def finish(event: Event, config: Config, camera: Camera) -> str:  # noqa: ARG001 - a handler's signature
    """The time is up: the clip is complete."""
    clip = camera.finish_clip()
    if clip is None:
        return "no clip: it was cut off by a restart, or the camera gave no picture"
    path, length_s = clip
    emit("clip.recorded", {"path": str(path), "seconds": round(length_s, 2)}, subject=event.data["door"])
    return f"{path.name}, {length_s:.1f} s"
