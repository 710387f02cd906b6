"""Video: encoded pictures, the last seconds in memory, clips, snapshots and the folder for them."""

from typing import TYPE_CHECKING

from devices.lazy_names import lazy_names

if TYPE_CHECKING:
    from devices.video.media_folder import MediaFolder as MediaFolder
    from devices.video.packets.packet import Packet as Packet
    from devices.video.packets.packet import StreamFormat as StreamFormat
    from devices.video.reading.source import Source as Source
    from devices.video.recorded import CameraError as CameraError
    from devices.video.recorded import RecordedClip as RecordedClip
    from devices.video.recorder import Recorder as Recorder
    from devices.video.settings import MediaSettings as MediaSettings
    from devices.video.snapshot import jpeg_within as jpeg_within
else:
    __getattr__ = lazy_names(
        __name__,
        {
            "media_folder": ["MediaFolder"],
            "packets.packet": ["Packet", "StreamFormat"],
            "recorded": ["CameraError", "RecordedClip"],
            "recorder": ["Recorder"],
            "settings": ["MediaSettings"],
            "snapshot": ["jpeg_within"],
            "reading.source": ["Source"],
        },
    )
