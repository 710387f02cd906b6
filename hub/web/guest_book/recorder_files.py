"""The files of a recorder, as the page may see them: a path from the wire opens nothing else."""

import stat
from pathlib import Path

from config import Settings
from devices.video.media_folder import OURS
from devices.video.settings import MediaSettings


class RecorderFiles:
    """Finds a recorder's files in its own folder, by their names only."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def file(self, path: str, handler: str) -> Path | None:
        """The file that an event names; None if it is not there.

        Args:
            path: As the event says it. Only its name counts: the folder is the recorder's.
            handler: The handler that published the event.
        """
        name = path.rpartition("/")[2]
        if not OURS.fullmatch(name):
            return None
        found = self._folder(handler) / name
        try:
            is_file = stat.S_ISREG(found.lstat().st_mode)
        except OSError:
            return None
        return found if is_file else None

    def _folder(self, handler: str) -> Path:
        folder = self._settings.handlers.get(handler, {}).get("folder")
        chosen = Path(folder) if isinstance(folder, str) else None
        return MediaSettings(folder=chosen).media_in(self._settings.house_dir).path
