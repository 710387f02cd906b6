"""The steps of the setup; nothing is written before the last one."""

from collections.abc import Callable
from typing import NamedTuple

from config import SettingsError
from hub.admin.check.apart import inspected
from hub.admin.check.effective_settings import as_written
from hub.admin.check.handler_files import Inspection
from hub.admin.check.house import check
from hub.admin.setup.dialog import Dialog, Skipped
from hub.admin.setup.draft import Draft
from hub.admin.setup.questions import camera, lamp
from hub.admin.setup.questions.broker import ask_broker
from hub.admin.setup.questions.button import ask_button
from hub.admin.setup.questions.house import ask_door, ask_place, ask_quiet, doors_in
from hub.admin.setup.questions.page import ask_page
from hub.admin.setup.questions.phone import ask_phone
from hub.admin.setup.questions.sound import ask_sound
from hub.admin.setup.toml_edit import Changes


class Step(NamedTuple):
    """One step.

    Attributes:
        title: Its title.
        ask: Asks, and returns the changes.
        skipped: Returns the changes when it is skipped.
    """

    title: str
    ask: Callable[[Dialog, Draft], Changes]
    skipped: Callable[[Draft], Changes] = lambda _: {}


def ask_all(dialog: Dialog, draft: Draft) -> None:
    """Ask every step in order; the answers go into the draft."""
    door = ask_step(dialog, draft, "1 of 10 · The door", Step("", ask_door))
    named = next(iter(door), None)
    front = named[1] if named else (doors_in(draft) or ["front"])[0]
    steps = (
        Step("The place", ask_place),
        Step("The button", lambda dialog, draft: ask_button(dialog, draft, front)),
        Step("The camera", camera.ask_camera, _no_camera),
        Step("The sound in the house", ask_sound),
        Step("The phone", ask_phone),
        Step("A lamp at the door", lamp.ask_lamp, _no_lamp),
        Step("Quiet hours", ask_quiet),
        Step("The broker, and Home Assistant", ask_broker),
        Step("The page", ask_page),
    )
    for number, step in enumerate(steps, 2):
        ask_step(dialog, draft, f"{number} of 10 · {step.title}", step)


def ask_step(dialog: Dialog, draft: Draft, title: str, step: Step) -> Changes:
    """Ask one step; returns its changes."""
    dialog.head(title)
    try:
        changes = step.ask(dialog, draft)
    except Skipped:
        changes = step.skipped(draft)
        dialog.show("Skipped: none for now." if changes else "Skipped: it stays as it is.")
    draft.change(changes)
    return changes


def agree_to_write(dialog: Dialog, draft: Draft) -> bool:
    """Show what will be written and its faults, and ask."""
    dialog.head("Checking …")
    text, faults = _look_at(draft)
    comments = "" if draft.is_new else ", beside its comments"
    dialog.head(f"This will be in {draft.path}{comments}:")
    dialog.show()
    for line in text.splitlines():
        dialog.show(line)
    dialog.show()
    for fault in faults:
        dialog.show(f"✗ {fault}")
    if not faults:
        dialog.show("✓ `doorbell check` finds no fault in it.")
    try:
        return dialog.agree("Write it all the same?" if faults else "Write it?", default=not faults)
    except Skipped:
        return False


def _look_at(draft: Draft) -> tuple[str, list[str]]:
    """What it will say, with secrets masked, and the faults that `doorbell check` will find."""
    faults: list[str] = []
    try:
        settings = draft.read()
    except SettingsError as error:
        faults += error.faults
        if error.usable is None:
            return as_written(draft.table, None), faults
        settings = error.usable

    def look(files: Inspection) -> tuple[str, list[str]]:
        text = as_written(draft.table, None if faults else files)
        return text, [*faults, *check(settings, draft.path, files).faults]

    return inspected(settings, look)


def _no_camera(draft: Draft) -> Changes:
    """Where no camera was ever chosen, `record` would film a test pattern."""
    return {} if draft.get(*camera.RECORD, "camera") else camera.switched_off()


def _no_lamp(draft: Draft) -> Changes:
    """Where no lamp was ever chosen, `light` would try to switch one that does not exist."""
    table = draft.get(*lamp.LIGHT, kind=dict, default={})
    return {} if table.get("lamp") or table.get("scenes") else lamp.switched_off()
