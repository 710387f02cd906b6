"""Settings of a handler that keeps clips and pictures."""

from pathlib import Path

from pydantic import BaseModel, Field

from devices.machine import expanded
from devices.video.media_folder import MediaFolder


class MediaSettings(BaseModel):
    """For a handler's settings: `class Config(HandlerConfig, MediaSettings)`."""

    folder: Path | None = Field(None, description="for clips and pictures; media if not set")
    keep_days: float = Field(30, gt=0, description="older clips and pictures are removed")
    keep_free_mb: float = Field(500, ge=0, description="the oldest ones make room on the disk")

    def media_in(self, house_dir: Path) -> MediaFolder:
        """The folder for clips and pictures.

        Args:
            house_dir: Where it is if the settings name none, or a relative one.
        """
        path = house_dir / expanded(self.folder or "media")
        return MediaFolder(path, keep_days=self.keep_days, keep_free_mb=self.keep_free_mb)
