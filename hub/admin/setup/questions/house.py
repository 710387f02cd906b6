"""The house: the door's name, the place of the house, and its quiet hours."""

import re
import unicodedata
from datetime import time

from pydantic import ValidationError

from config.faults import describe
from config.model import House, Settings
from config.section import NAME
from hub.admin.setup.dialog import NONE, Dialog, moment_in, understand_moment
from hub.admin.setup.draft import Draft
from hub.admin.setup.toml_edit import Changes

BEGIN, END = time(22), time(7)
FIRST = "Front door"


def doors_in(draft: Draft) -> list[str]:
    """The ids of the doors. A file that names no door has one all the same: `front`."""
    return [*draft.get("doors", kind=dict, default={})] or ([] if draft.is_new else ["front"])


def ask_door(dialog: Dialog, draft: Draft) -> Changes:
    """Ask for the door's name. Its id is made from it once, and stays: old events have it."""
    doors = doors_in(draft)
    if len(doors) > 1:
        dialog.explain("One door at a time: run this again for the others.")
        doors = [dialog.choose("Which door?", doors[0], doors)]
    known = draft.get("doors", doors[0], "name") if doors else None
    default = known or FIRST
    if not known and doors and doors != ["front"]:
        default = Settings().door_name(doors[0])
    name = dialog.ask("What do you call it?", default, _name)
    return {("doors", doors[0] if doors else slug(name), "name"): name}


def slug(name: str) -> str:
    """The id for a door of this name: `front` for "Front door", and where no letter is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "_", plain).strip("_").removesuffix("_door").lstrip("0123456789_")
    made = words[:32].strip("_")
    return made if re.fullmatch(NAME, made) else "front"


def ask_place(dialog: Dialog, draft: Draft) -> Changes:
    """Ask for the place, which says when the sun rises and sets."""
    latitude, longitude = (
        draft.get("house", key, kind=object) for key in ("latitude", "longitude")
    )
    default = NONE if latitude is None or longitude is None else f"{latitude}, {longitude}"
    dialog.explain(
        "It says when it is night at the door. On a map in the browser, a right click on your "
        "house shows two numbers, like 52.52, 13.40: degrees north and east; south and west are "
        "negative. Or none."
    )
    place = dialog.ask("Latitude, longitude", default, understand_place)
    return {("house", "latitude"): place and place[0], ("house", "longitude"): place and place[1]}


def understand_place(typed: str) -> tuple[float, float] | None:
    """Both numbers; None for "none".

    Raises:
        ValueError: it is not a place.
    """
    if typed.lower() == NONE:
        return None
    parts = [part for part in re.split(r"\s*[,;]\s*|\s+(?=[+-]?\d)", typed.strip()) if part]
    found = [
        re.fullmatch(r"([+-]?\d+(?:\.\d+)?)\s*°?\s*([NSEW]?)", part, re.IGNORECASE)
        for part in parts
    ]
    if len(found) != 2 or not all(found):  # noqa: PLR2004 - a place is two numbers
        raise ValueError("write two numbers with a comma between them, like 52.52, 13.40, or none")
    latitude, longitude = (
        float(one[1]) * (-1 if one[2].upper() in ("S", "W") else 1) for one in found if one
    )
    try:
        House(latitude=latitude, longitude=longitude)
    except ValidationError as error:
        raise ValueError(
            "; ".join(line.removeprefix(": ") for line in describe(error, House, ""))
        ) from None
    return latitude, longitude


def ask_quiet(dialog: Dialog, draft: Draft) -> Changes:
    """Ask for the hours without sounds."""
    begin, end = moment_in(draft, "quiet", "begin"), moment_in(draft, "quiet", "end")
    dialog.explain("In these hours there are no sounds; the phone and the camera go on. Or none.")
    default = f"{begin or BEGIN:%H:%M}" if begin or draft.is_new else NONE
    began = dialog.ask(
        "Quiet from",
        default,
        lambda typed: None if typed.lower() == NONE else understand_moment(typed),
    )
    if began is None:
        return {("quiet", "begin"): None, ("quiet", "end"): None}

    def after(typed: str) -> time:
        if (ended := understand_moment(typed)) == began:
            raise ValueError(f"write another time than {began:%H:%M}")
        return ended

    ended = dialog.ask("Quiet until", f"{end or END:%H:%M}", after)
    return {("quiet", "begin"): began, ("quiet", "end"): ended}


def _name(typed: str) -> str:
    if not typed.isprintable() or len(typed) > 60:  # noqa: PLR2004 - a name has to fit on a phone
        raise ValueError("write a name of at most 60 letters")
    return typed
