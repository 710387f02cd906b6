"""Which phones get web push by their login: one that is logged out gets no more."""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path

from devices.phone.webpush.page_name import plain_name
from hub.remote.push import PushError
from hub.system import atomic_file
from hub.web.login.register import Phone

log = logging.getLogger(__name__)
FILE = "web-push.json"
LOOK_S = 30.0


class Enrolled:
    """The phones by name, each with the id of its login, in a file.

    A login ends in many ways: by a person, by the phone, by age. So it is looked at again and
    again, and the hub is told until it has confirmed.

    Args:
        folder: The state folder.
        phone: Gives the phone with this id; None when it was logged out.
        end: Tells the hub that the phone of this name gets no more; raises PushError.
    """

    def __init__(
        self, folder: Path, phone: Callable[[str], Phone | None], end: Callable[[str], object]
    ) -> None:
        self._path = folder / FILE
        self._phone = phone
        self._end = end
        self._lock = threading.Lock()
        self._ids = _read(self._path)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look at the logins in a thread of its own, as soon as there is a phone."""
        if self._ids and self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def has(self, name: str, phone_id: str) -> bool:
        """Whether this phone was enrolled under this name."""
        with self._lock:
            return self._ids.get(name) == phone_id

    def is_of_another(self, name: str, phone_id: str) -> bool:
        """Whether another phone that is still logged in has this name."""
        with self._lock:
            owner = self._ids.get(name, phone_id)
        return owner != phone_id and not self._is_over(name, owner)

    def put(self, name: str, phone_id: str) -> None:
        """A phone gets web push from now on.

        Raises:
            OSError: The disk takes nothing.
        """
        self._change({name: phone_id})
        self.start()

    def remove(self, name: str) -> None:
        """A phone gets no more.

        Raises:
            OSError: The disk takes nothing.
        """
        self._change({}, without=name)

    def look(self) -> None:
        """End what belongs to phones that are logged out, or have another name now."""
        for name, phone_id in [*self._ids.items()]:
            if not self._is_over(name, phone_id):
                continue
            try:
                self._end(name)
                self.remove(name)
            except (PushError, OSError) as error:
                log.warning("web push to %s has not ended yet: %s", name, error)
                return
            log.info("web push to %s has ended: the phone is logged out or renamed", name)

    def _is_over(self, name: str, phone_id: str) -> bool:
        if not phone_id:
            return False  # a proxy has its user; this house has no login of it
        try:
            phone = self._phone(phone_id)
        except OSError:
            return False  # the file of the logins cannot be read now
        return phone is None or plain_name(phone.name) != name

    def _change(self, more: dict[str, str], without: str = "") -> None:
        with self._lock:
            ids = {name: id_ for name, id_ in self._ids.items() if name != without} | more
            if ids != self._ids:
                atomic_file.write(self._path, f"{json.dumps(ids, indent=1)}\n".encode(), 0o600)
            self._ids = ids

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_S):
            self.look()


def _read(path: Path) -> dict[str, str]:
    try:
        return {str(name): str(id_) for name, id_ in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):
        log.warning("%s is damaged: phones that log out have to stop their notifications", path)
        return {}
