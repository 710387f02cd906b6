"""Which pictures the broker keeps for a handler, and the files that they belong to."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

from devices.machine import write_file

log = logging.getLogger(__name__)


class KeptPictures:
    """A small file that outlives the process: a picture has to be cleared after a restart, too.

    Args:
        path: The file; None to remember them in this process only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._files: dict[str, str] = {}
        if path and path.exists():
            try:
                known = json.loads(path.read_bytes())
                self._files = {str(topic): str(file) for topic, file in known.items()}
            except (OSError, ValueError, AttributeError) as error:
                log.warning("%s: it is not known which pictures the broker keeps: %s", path, error)

    def add(self, topic: str, file: Path | None) -> None:
        """The broker is to keep a picture there, as long as this file exists."""
        self._files[topic] = str(file or "")
        self._write()

    def remove(self, topic: str) -> None:
        """The broker keeps none there."""
        if self._files.pop(topic, None) is not None:
            self._write()

    def __iter__(self) -> Iterator[str]:
        """The topics at which the broker keeps a picture."""
        return iter(tuple(self._files))

    def orphans(self) -> list[str]:
        """The topics whose file is gone."""
        return [topic for topic, file in tuple(self._files.items()) if file and _is_gone(file)]

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            write_file(self._path, json.dumps(self._files))
        except OSError as error:
            log.warning("%s: a picture may stay on the broker: %s", self._path, error)


def _is_gone(file: str) -> bool:
    """Whether it is known that there is no such file: the disk may be away, or a folder closed."""
    try:
        return not Path(file).exists()
    except OSError:
        return False
