"""The lamp at the door: which one, and when it is dark."""

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from devices.lamp import LAMP_NAMES, fault_in_lamp, gpio_pin
from hub.admin.setup.dialog import NONE, Dialog, moment_in, understand_moment
from hub.admin.setup.draft import Draft
from hub.admin.setup.questions.pins import lines_used, understand_pin
from hub.admin.setup.toml_edit import Changes

LIGHT = ("handlers", "light")
FROM, TO = time(17), time(7)
WHEN = ("night", "hours", "always")


def ask_lamp(dialog: Dialog, draft: Draft) -> Changes:
    """Ask for a lamp; none switches `light` off. Scenes are left as they are."""
    off = draft.get(*LIGHT, "enabled", kind=bool) is False
    known = NONE if off else draft.get(*LIGHT, "lamp", default=NONE)
    dialog.explain(
        "It is switched on when the bell rings in the dark. docs/lights.md has more about each:"
    )
    for line in (*re.split(r",(?: or)? (?![^(]*\))", LAMP_NAMES), NONE):
        dialog.show(f"    {line}")
    lamp = dialog.ask("Lamp", known, lambda typed: _lamp(typed, draft))
    if lamp == NONE:
        return switched_off()
    if (pin := gpio_pin(lamp)) is not None:
        where = "docs/systemd.md, Opening it"
        dialog.explain(f"Under systemd `light` needs a drop-in to use GPIO {pin}: {where}.")
    return {(*LIGHT, "lamp"): lamp, (*LIGHT, "enabled"): None, **_ask_when(dialog, draft)}


def switched_off() -> Changes:
    """The changes for no lamp."""
    return {(*LIGHT, "enabled"): False}


def _ask_when(dialog: Dialog, draft: Draft) -> Changes:
    known = draft.get(*LIGHT, "when", default="night")
    has_place = draft.get("house", "latitude", kind=object) is not None
    choices = [one for one in dict.fromkeys((*WHEN, known)) if one != "night" or has_place]
    words = (
        "night (by the sun), hours or always"
        if has_place
        else "hours or always (night needs the place)"
    )
    when = dialog.choose(f"When: {words}", known if known in choices else "hours", choices)
    changes: dict[tuple[str, ...], Any] = {
        (*LIGHT, "when"): None if when == "night" and not draft.get(*LIGHT, "when") else when
    }
    if when != "hours":
        return changes
    for key, usual, question in (("hours_from", FROM, "From"), ("hours_to", TO, "Until")):
        default = moment_in(draft, *LIGHT, key) or usual
        changes[*LIGHT, key] = dialog.ask(question, f"{default:%H:%M}", understand_moment)
    return changes


def _lamp(typed: str, draft: Draft) -> str:
    if typed.lower() == NONE:
        return NONE
    if fault := fault_in_lamp(typed):
        raise ValueError(fault)
    make, _, name = typed.partition(":")
    table = {"mqtt": ["mqtt_lamps", name], "homeassistant": ["homeassistant"]}.get(make, [])
    if draft.get(*LIGHT, *table, kind=Mapping) is None and table:
        where = ".".join((*LIGHT, *table))
        raise ValueError(f"{typed}: write the table [{where}] first: docs/lights.md shows it")
    if (pin := gpio_pin(typed)) is not None:
        before = gpio_pin(str(draft.get(*LIGHT, "lamp", default="")))
        used = {
            line: who for line, who in lines_used(draft, "").items() if who != "[handlers.light]"
        }
        understand_pin(str(pin), used, before)
    return typed
