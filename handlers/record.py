"""Record a clip that begins before the press, and take a picture of the press for the phone."""

from contextlib import AbstractContextManager

from devices.camera import CameraError, DoorRecorder, RecordingSettings, open_recorder
from hub import Event, HandlerConfig, checkpoint, emit, handler, later, link, memory, pictures

AWAY_S = 1.0  # the camera was away during the clip, and is looked for again so soon


class Config(HandlerConfig, RecordingSettings):
    """Settings of `record`."""

    def check(self) -> list[str]:
        """Find a topic that cannot be one switch, wrong addresses, and doors that there are not."""
        return self.faults_in_recording(self.faults_in_doors)

    def absent(self) -> list[str]:
        """Find a camera that is not there, and a folder that cannot be written."""
        return self.absent_devices(self.house_dir)


def open_cameras(config: Config) -> AbstractContextManager[DoorRecorder]:
    """Open the cameras as long as the process lives."""
    return open_recorder(
        config, config.served_doors, config.state_dir, link, pictures, house_dir=config.house_dir
    )


def look(event: Event, config: Config, recorder: DoorRecorder) -> str:
    """The dry run: take a picture that is not kept, and see whether there is room for a clip."""
    return recorder.check(event.door)


@handler("doorbell.pressed", max_age_s=30, attempts=5, uses=open_cameras, drill=look)
def record(event: Event, config: Config, recorder: DoorRecorder) -> str:
    """Take a picture at once, and record a clip. A press during a clip makes it longer."""
    if reason := recorder.private():
        return f"{reason}: nothing is recorded"
    clip = recorder.start_clip(event)
    if not clip.is_complete:
        memory[clip.camera] = presses = clip.with_press(memory.get(clip.camera, {}), event)
        later("clip.due", clip.left_s, presses, subject=clip.camera)
    try:
        emit("snapshot.taken", recorder.take_picture(event))
    except CameraError:
        checkpoint()  # the clip goes on, and the picture is tried again
        raise
    return f"picture taken, {clip.in_words()}"


@handler("clip.due", timeout_s=180, attempts=1, uses=open_cameras)
def finish(event: Event, config: Config, recorder: DoorRecorder) -> str:
    """The clip is long enough: finish it, and publish it for each door that rang."""
    if recorder.awaits_visitor(event.subject):
        later("clip.due", AWAY_S, event.data)
        return "no picture from after the press yet: the clip goes on"
    clip = recorder.finish_clip(event.subject)
    for door, facts in clip.by_door(event.data["doors"]).items():
        emit("clip.recorded", facts, subject=door)
    return clip.in_words()


@handler("doorbell.recordings_wanted", timeout_s=60, attempts=10, uses=open_cameras)
def obey(event: Event, config: Config, recorder: DoorRecorder) -> str:
    """A person wants what was recorded of a visit deleted, or kept."""
    emit("recordings.changed", changed := recorder.obey(event.data, memory))
    return f"{changed['action']}: {len(changed['files'])} files"
