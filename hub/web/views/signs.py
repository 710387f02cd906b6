"""The sign, the tone and the words of each outcome and of each state of a process."""

from dataclasses import dataclass

from hub.remote.drill.roll_call import DrillResult
from hub.store.guest_book.visit import Reaction
from hub.system.language import gettext as _
from hub.web.guest_book.house import Process

MS_IN_S = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list.

    Attributes:
        name: Of the handler or hub.
        sign: The name of an icon.
        tone: `good`, `warn`, `bad` or `dim`: its colour.
        words: How it is, for a person.
        note: What there is to add; may be empty.
        took: How long it took; may be empty.
        about: What it is about, where that is not the press; may be empty.
    """

    name: str
    sign: str
    tone: str
    words: str
    note: str = ""
    took: str = ""
    about: str = ""


def of_reaction(reaction: Reaction) -> Line:
    """A handler's reaction."""
    sign, tone, words = {
        "done": ("check", "good", _("done")),
        "retried": ("again", "warn", _("tries again")),
        "skipped": ("dot", "dim", _("not needed")),
        "dead": ("cross", "bad", _("gave up")),
    }[reaction.outcome]
    about = {
        "doorbell.pressed": "",
        "doorbell.double_pressed": "",
        "snapshot.taken": _("the picture"),
        "clip.due": _("the clip"),
        "clip.recorded": _("the clip"),
        "visitor.answered": _("the answer"),
    }.get(reaction.type, reaction.type)
    return Line(reaction.handler, sign, tone, words, reaction.note, _took(reaction), about)


def of_drill(result: DrillResult, *, is_over: bool) -> Line:
    """What a drill found at a handler, or has not found yet."""
    outcome = result.outcome
    if outcome == "missing" and not is_over and not result.status.startswith("failed"):
        return Line(result.handler, "wait", "warn", _("is awaited"))
    sign, tone, words = {
        "done": ("check", "good", _("works")),
        "reached": ("dot", "dim", _("is not tried")),
        "skipped": ("dot", "warn", _("would not react")),
        "dead": ("cross", "bad", _("does not work")),
        "missing": ("cross", "bad", _("did not answer")),
    }[outcome]
    return Line(result.handler, sign, tone, words, result.words)


def of_process(process: Process) -> Line:
    """How a process is."""
    sign, tone, words = {
        "starting": ("wait", "warn", _("starts")),
        "ready": ("check", "good", _("ready")),
        "failed": ("cross", "bad", _("does not work")),
        "offline": ("cross", "bad", _("is not running")),
    }[process.state]
    if process.reason in ("stopped", "disabled"):
        return Line(process.name, "dot", "dim", _("switched off"))
    if process.reason == "private":
        return Line(process.name, "dot", "dim", _("private"))
    return Line(process.name, sign, tone, words, process.note)


def _took(reaction: Reaction) -> str:
    """When it began and how long it took, as far as that is known."""
    parts = []
    if reaction.after_s is not None:
        parts.append(_("after %(time)s") % {"time": _seconds(reaction.after_s)})
    if reaction.took_s is not None:
        parts.append(_("took %(time)s") % {"time": _seconds(reaction.took_s)})
    return ", ".join(parts)


def _seconds(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * MS_IN_S:.0f} ms"
    return f"{seconds:.1f} s"
