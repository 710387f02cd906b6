"""What each view shows: Now, Visits, one visit, House."""

import shutil
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from config import Settings
from devices.camera.live.place import LIVE
from devices.machine.local_socket import LocalSocket
from devices.talk.place import TALK
from hub.store.guest_book.visit import Visit
from hub.system.language import gettext as _
from hub.web.guest_book.book import GuestBook
from hub.web.guest_book.house import House
from hub.web.views import signs
from hub.web.views.drills import Drills
from hub.web.views.renderer import Shown
from hub.wire.retained.quiet import QuietState

MOST = 50  # visits on one page
EPOCH = date(1970, 1, 1)  # days near the ends of the calendar have no Unix time
Query = Mapping[str, str]


class Pages:
    """The views of a house. Looking one up takes milliseconds, and may be done in any thread."""

    def __init__(self, settings: Settings, book: GuestBook, house: House, drills: Drills) -> None:
        self._settings = settings
        self._book = book
        self._house = house
        self._drills = drills
        self._doors = {name: settings.door_name(name) for name in settings.doors}

    def look(self, path: str, query: Query) -> Shown:
        """What stands at a path now, in the current language."""
        if path == "/":
            return self._now()
        if path == "/visits":
            return self._visits(query)
        if path == "/house":
            return self._at_home()
        visit = self._book.visit(path.removeprefix("/visits/"))
        if visit is None or visit.is_deleting:
            return self._show("gone.html", "visits", _("Visits"), {}, HTTPStatus.NOT_FOUND)
        return self._visit(visit)

    def _now(self) -> Shown:
        there = (visit for visit in self._book.visits(limit=MOST) if not visit.is_deleting)
        last = next(there, None)
        live, talk = self._served(LIVE), self._served(TALK)
        content = {
            "last": last,
            "quiet": self._quiet(),
            "live": live,
            "talk": talk,
            "may_speak": self._house.may_speak,
        }
        return self._show("now.html", "now", _("Now"), content)

    def _served(self, place: LocalSocket) -> Mapping[str, str]:
        """The doors with their names, where a process of the house serves this."""
        return self._doors if place.is_served(place.folder(self._settings.state_dir)) else {}

    def _visits(self, query: Query) -> Shown:
        door = query.get("door", "")
        day = _day(query.get("day", ""))
        before = query.get("before")
        visits = self._book.visits(door or None, day, before, MOST)
        days = [(on, list(those)) for on, those in groupby(visits, _local_day)]
        older = ""
        if len(visits) == MOST:
            wanted = {"door": door, "day": day or "", "before": visits[-1].id}
            older = urlencode({name: value for name, value in wanted.items() if value})
        content = {"days": days, "doors": self._doors, "door": door, "day": day, "older": older}
        return self._show("visits.html", "visits", _("Visits"), content)

    def _visit(self, visit: Visit) -> Shown:
        reactions = [signs.of_reaction(one) for one in self._book.reactions(visit.id)]
        began = visit.began.astimezone()
        file = f"{visit.door}-{began:%Y-%m-%d-%H-%M}"
        staying = self._book.staying(visit.id)
        content = {"visit": visit, "reactions": reactions, "file": file, "staying": staying}
        return self._show("visit.html", "visits", visit.door_name, content)

    def _at_home(self) -> Shown:
        handlers = [signs.of_process(one) for one in self._house.handlers()]
        content = {
            "quiet": self._quiet(),
            "handlers": handlers,
            "hub": signs.of_process(self._house.hub()),
            "doors": self._doors,
            "free": shutil.disk_usage(self._settings.state_dir).free,
            "drilled": self._drills.began(),
            "drill": self._drill(),
            "is_clock_believed": self._house.is_clock_believed(),
        }
        return self._show("house.html", "house", _("House"), content)

    def _quiet(self) -> QuietState:
        return self._house.quiet() or QuietState(quiet=False, why="off")

    def _drill(self) -> list[signs.Line]:
        is_over = self._drills.is_over()
        return [signs.of_drill(one, is_over=is_over) for one in self._drills.results()]

    def _show(
        self,
        template: str,
        view: str,
        title: str,
        content: Mapping[str, Any],
        status: int = HTTPStatus.OK,
    ) -> Shown:
        whole = {"view": view, "ringing": self._book.ringing(), **content}
        doorbell = _("Doorbell")
        return Shown(template, f"{title} · {doorbell}", whole, status)


def _local_day(visit: Visit) -> date:
    return visit.began.astimezone().date()


def _day(text: str) -> date | None:
    """A day on which somebody may have rung; None for another text."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EPOCH < day < date.max else None
