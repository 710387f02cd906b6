"""Which phones get web push by their login: one that is logged out gets no more."""

import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from devices.phone.webpush.page_name import plain_name
from hub.remote.confirmed import UnconfirmedError
from hub.system.files import atomic_file
from hub.web.login.register import Phone

log = logging.getLogger(__name__)
FILE = "web-push.json"
LOOK_S = 30.0


class Entry(NamedTuple):
    """One phone.

    Attributes:
        phone: The id of its login; empty where a proxy names the user.
        is_told: Whether the hub has confirmed it.
    """

    phone: str
    is_told: bool = False


class Enrolled:
    """The phones by name, each with the id of its login, and whether the hub knows, in a file.

    A login ends in many ways: by a person, by the phone, by age. So it is looked at again and
    again, and the hub is told until it has confirmed.

    Args:
        folder: The state folder.
        phone: Gives the phone with this id; None when it was logged out.
        end: Tells the hub that the phone of this name gets no more; raises UnconfirmedError.
    """

    def __init__(
        self, folder: Path, phone: Callable[[str], Phone | None], end: Callable[[str], object]
    ) -> None:
        self._path = folder / FILE
        self._phone = phone
        self._end = end
        self._lock = threading.Lock()
        self._known = _read(self._path)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look at the logins in a thread of its own, as soon as there is a phone."""
        if self._known and self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()

    def has(self, name: str, phone_id: str) -> bool:
        """Whether this phone was enrolled under this name, and the hub has confirmed it."""
        with self._lock:
            return self._known.get(name) == Entry(phone_id, is_told=True)

    def is_of_another(self, name: str, phone_id: str) -> bool:
        """Whether another phone that is still logged in has this name."""
        with self._lock:
            entry = self._known.get(name)
        return bool(entry and entry.phone != phone_id and self._is_called(name, entry.phone))

    def put(self, name: str, phone_id: str) -> None:
        """A phone is to get web push; the hub is told next.

        Raises:
            OSError: The disk takes nothing.
        """
        self._change({name: Entry(phone_id)})
        self.start()

    def confirm(self, name: str) -> None:
        """The hub knows it.

        Raises:
            OSError: The disk takes nothing.
        """
        if entry := self._known.get(name):
            self._change({name: entry._replace(is_told=True)})

    def remove(self, name: str) -> None:
        """A phone gets no more.

        Raises:
            OSError: The disk takes nothing.
        """
        self._change({}, without=name)

    def look(self) -> None:
        """End what belongs to phones that are logged out, or are told under another name now."""
        for name, entry in [*self._known.items()]:
            try:
                if self._is_called(name, entry.phone) or self._waits_for_its_page(entry.phone):
                    continue
                self._end(name)
                self.remove(name)
            except (UnconfirmedError, OSError) as error:
                log.warning("web push to %s has not ended yet: %s", name, error)
                return
            log.info("web push to %s has ended: the phone is logged out or renamed", name)

    def _is_called(self, name: str, phone_id: str) -> bool:
        """Whether this phone is logged in and has this name, as far as that can be known."""
        if not phone_id:
            return True  # a proxy has its user; this house has no login of it
        try:
            phone = self._phone(phone_id)
        except OSError:
            return True  # the file of the logins cannot be read now
        return phone is not None and plain_name(phone.name) == name

    def _waits_for_its_page(self, phone_id: str) -> bool:
        """Whether a phone is logged in and its page has not said its new name yet.

        Anybody of the house may rename it. It must not miss a ring because of that.
        """
        phone = self._phone(phone_id)
        return phone is not None and not self.has(plain_name(phone.name), phone_id)

    def _change(self, more: dict[str, Entry], without: str = "") -> None:
        with self._lock:
            known = {name: one for name, one in self._known.items() if name != without} | more
            if known != self._known:
                atomic_file.write(self._path, f"{json.dumps(known, indent=1)}\n".encode(), 0o600)
            self._known = known

    def _run(self) -> None:
        while not self._stopped.wait(LOOK_S):
            self.look()


def _read(path: Path) -> dict[str, Entry]:
    try:
        return {name: Entry(*one) for name, one in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError):
        log.warning("%s is damaged: phones that log out have to stop their notifications", path)
        return {}
