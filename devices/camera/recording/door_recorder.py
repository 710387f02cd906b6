"""Records the visitors of a house: a clip and a picture of each, by the camera at their door."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from devices.camera.camera import Camera
from devices.camera.live.place import LIVE
from devices.camera.live.server import serving_live
from devices.camera.recording.settings import ALL_DOORS, RecordingSettings
from devices.camera.recording.started_clip import Clips, StartedClip, Visit
from devices.lamp.lamp import MqttLink
from devices.video.media_folder import MediaFolder
from devices.video.recorded import CameraError, NoClip, RecordedClip

CLIP_MB = 100  # what a long clip may need


class Publisher(Protocol):
    """What publishes pictures: `hub.pictures`."""

    def publish(self, event: Any, jpeg: Any, *, retain: bool, file: Path, keep_days: float) -> None:
        """Publish a picture, which is retained as long as its file is there."""

    def on_demand(
        self, take: Callable[[str, int], bytes], private: Callable[[], str | None]
    ) -> AbstractContextManager[None]:
        """Have pictures taken when they are asked for."""

    def clear(self) -> None:
        """Clear what is retained."""


class DoorRecorder:
    """The cameras of a house, open as long as the process lives.

    Args:
        settings: How long clips are, and whether pictures are published.
        keys: The key of the camera that looks at each door.
        cameras: The cameras by their keys.
        files: Where clips and pictures go.
        publisher: What publishes pictures.
    """

    def __init__(
        self,
        settings: RecordingSettings,
        keys: Mapping[str, str],
        cameras: Mapping[str, Camera],
        files: MediaFolder,
        publisher: Publisher,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._cameras = cameras
        self._files = files
        self._publisher = publisher
        self._troubles: dict[str, str] = {}

    def private(self) -> str | None:
        """Why nothing may be recorded now, in words; None when it may."""
        return next((camera.private() for camera in self._cameras.values()), None)

    def on_trouble(self, report: Callable[[str], None]) -> None:
        """Report what is wrong with any camera, now and whenever it changes; see Camera."""
        for key, camera in self._cameras.items():
            camera.on_trouble(partial(self._note_trouble, report, key))

    def start_clip(self, visit: Visit) -> StartedClip:
        """Start a clip, or make the one longer that this camera records already.

        Raises:
            CameraError: No camera looks at this door.
        """
        key, camera = self._at(visit.door)
        path = self._files.file(visit.time, visit.door, visit.id, "mp4")
        if path.exists():  # this is another attempt at the picture
            return StartedClip(key, path.name, 0.0, is_complete=True)
        clip, length_s = camera.start_clip(path, visit.age_s())
        longest_s = self._settings.max_clip_s - length_s
        return StartedClip(key, clip.name, max(0.0, min(self._settings.clip_s, longest_s)))

    def take_picture(self, visit: Visit) -> dict[str, Any]:
        """Write the picture of a press into a file, and publish it.

        Returns:
            The data of `snapshot.taken`.

        Raises:
            CameraError: There is no picture. Another attempt may succeed.
        """
        path = self._files.file(visit.time, visit.door, visit.id, "jpg")
        after_s = self._at(visit.door)[1].snapshot(path, visit.age_s())
        if self._settings.publish_picture != "off":
            self._publisher.publish(
                visit,
                partial(_read, path),
                retain=self._settings.publish_picture == "retained",
                file=path,
                keep_days=self._settings.keep_days,
            )
        return {"path": str(path), "door": visit.door, "after_s": round(after_s, 3)}

    def picture_of(self, door: str, most_bytes: int) -> bytes:
        """Take a picture now, of which nothing is kept, and make it fit.

        Raises:
            CameraError: No camera looks at this door, or it gives no picture.
        """
        return _fitting(self._at(door)[1].picture(), most_bytes)

    def awaits_visitor(self, camera: str) -> bool:
        """Whether the clip of a camera should go on, because the camera was away; see Camera.

        Args:
            camera: Its key.
        """
        longest_s = self._settings.max_clip_s
        return camera in self._cameras and self._cameras[camera].awaits_visitor(longest_s)

    def finish_clip(self, camera: str) -> RecordedClip | NoClip:
        """End the clip of a camera, and make room for others.

        Args:
            camera: Its key.

        Returns:
            The clip, or why there is none.

        Raises:
            CameraError: The file could not be written.
        """
        clip = self._cameras[camera].finish_clip() if camera in self._cameras else None
        self._files.make_room()
        return clip or NoClip()

    def obey(self, wanted: Mapping[str, Any], clips: MutableMapping[str, Clips]) -> dict[str, Any]:
        """Delete files, or keep them from being removed when they are old, as a person wants it.

        A clip that is still being recorded is ended before it is deleted. A clip that another visit
        keeps stays as it is. Done twice, it is as done once.

        Args:
            wanted: The data of `doorbell.recordings_wanted`.
            clips: By camera, what `with_press` gave last; the visits that keep it are added.

        Returns:
            The data of `recordings.changed`.

        Raises:
            OSError: The folder cannot be written. Another attempt may succeed.
        """
        action = wanted["action"]
        own = {wanted["visit"], *wanted["presses"]}
        names = dict.fromkeys(wanted["files"])
        for camera, clip in list(clips.items()):
            presses = {press for door in clip["doors"].values() for press in door}
            if presses.isdisjoint(own):
                continue
            kept_by = set(clip.get("kept", [])) - own  # other visits
            is_kept = bool(kept_by) and action != "keep"
            if is_kept:
                names.pop(clip["name"], None)
            else:
                names[clip["name"]] = None
            if action == "delete" and not is_kept and camera in self._cameras:
                self._cameras[camera].finish_clip()
            if action == "keep":
                kept_by.add(wanted["visit"])
            clips[camera] = {**clip, "kept": sorted(kept_by)}
        act = {"delete": self._files.delete, "keep": self._files.keep}
        act.get(action, self._files.release)(names)
        return {"visit": wanted["visit"], "action": action, "files": list(names)}

    def check(self, door: str) -> str:
        """Take a picture that is not kept, and see whether there is room for a clip.

        Returns:
            What was found, in words.

        Raises:
            OSError: The camera gives no picture, or the folder has no room.
        """
        if reason := self.private():
            return f"{reason}: the camera was not tried"
        size = len(self._at(door)[1].picture())
        free_mb = self._files.check_room(size, CLIP_MB)
        return f"a picture of {size / 1000:.0f} kB, {free_mb} MB free"

    def camera_at(self, door: str) -> Camera:
        """The camera that looks at a door.

        Raises:
            CameraError: There is none.
        """
        return self._at(door)[1]

    def _at(self, door: str) -> tuple[str, Camera]:
        """The camera at a door; that of a hub with other settings has the one for all doors."""
        key = self._keys.get(door, ALL_DOORS)
        if key not in self._cameras:
            raise CameraError(f"no camera looks at {door}. Set one in cameras")
        return key, self._cameras[key]

    def _note_trouble(self, report: Callable[[str], None], key: str, words: str) -> None:
        self._troubles[key] = words
        report("; ".join(dict.fromkeys(filter(None, self._troubles.values()))))


@contextmanager
def open_recorder(
    settings: RecordingSettings,
    doors: Iterable[str],
    state_dir: Path,
    link: MqttLink,
    publisher: Publisher,
    *,
    house_dir: Path | None = None,
) -> Iterator[DoorRecorder]:
    """Open the cameras of these doors, and keep their folder tidy while this lasts.

    Args:
        settings: Which cameras, and how they record.
        doors: The doors that are recorded.
        state_dir: Where the state of the privacy switch is kept.
        link: The connection to the broker: `hub.link`.
        publisher: What publishes pictures: `hub.pictures`.
        house_dir: Where the media folder is; `state_dir`, if not given.

    Raises:
        CameraError: A camera's library is missing, or its address is wrong.
    """
    files = settings.media_in(house_dir or state_dir)
    files.remove_parts()
    keys = settings.cameras_at(doors)
    wanted = set(keys.values()) or {ALL_DOORS}
    with ExitStack() as stack:
        cameras = settings.open_cameras(link, state_dir / "record.private", sorted(wanted))
        for camera in cameras.values():
            stack.enter_context(closing(camera))
        recorder = DoorRecorder(settings, keys, cameras, files, publisher)
        stack.enter_context(files.tidied())
        stack.enter_context(serving_live(LIVE.folder(state_dir), recorder.camera_at))
        if settings.publish_picture != "retained":
            publisher.clear()
        if settings.publish_picture != "off":
            stack.enter_context(publisher.on_demand(recorder.picture_of, recorder.private))
        yield recorder


def _read(path: Path, most_bytes: int) -> bytes:
    return _fitting(path.read_bytes(), most_bytes)


def _fitting(jpeg: bytes, most_bytes: int) -> bytes:
    from devices.video.snapshot import jpeg_within  # noqa: PLC0415 - PyAV takes 20 MB

    return jpeg_within(jpeg, most_bytes)
