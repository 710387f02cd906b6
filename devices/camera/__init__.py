"""Cameras: a Raspberry Pi camera module, V4L2, a network camera, a video file, a test pattern."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.camera.address import without_password as without_password
    from devices.camera.camera import Camera as Camera
    from devices.camera.camera import CameraError as CameraError
    from devices.camera.camera import fault_in_camera as fault_in_camera
    from devices.camera.camera import open_camera as open_camera
    from devices.camera.discovery import FoundCamera as FoundCamera
    from devices.camera.discovery import find_cameras as find_cameras
    from devices.camera.ffmpeg import AvCamera as AvCamera
    from devices.camera.picamera import PiCamera as PiCamera
    from devices.camera.privacy import Privacy as Privacy
    from devices.camera.privacy_settings import PrivacySettings as PrivacySettings
    from devices.camera.recording.door_recorder import DoorRecorder as DoorRecorder
    from devices.camera.recording.door_recorder import open_recorder as open_recorder
    from devices.camera.recording.settings import RecordingSettings as RecordingSettings
    from devices.camera.settings import CameraSettings as CameraSettings
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "address": ["without_password"],
            "camera": ["Camera", "CameraError", "fault_in_camera", "open_camera"],
            "discovery": ["FoundCamera", "find_cameras"],
            "ffmpeg": ["AvCamera"],
            "picamera": ["PiCamera"],
            "privacy": ["Privacy"],
            "privacy_settings": ["PrivacySettings"],
            "recording.door_recorder": ["DoorRecorder", "open_recorder"],
            "recording.settings": ["RecordingSettings"],
            "settings": ["CameraSettings"],
        },
    )
