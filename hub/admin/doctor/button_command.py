"""`doorbell doctor button`: records a button's raw edges, and says what to do about them."""

import sys
from typing import Annotated

import typer

from config.tables.door import ButtonSettings
from devices.button import (
    Diagnosis,
    Edge,
    advise,
    diagnose,
    draw_line,
    record_edges,
    synthetic_edges,
)
from devices.gpio import GpioError
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.terminal.output import complain, say, say_json
from hub.terminal.words import count

PHASES = {
    "rest": "do not touch the button",
    "press": "press it now, several times, short and long",
}


def button(
    door: Annotated[str | None, typer.Argument(help="The door; without it, the first one.")] = None,
    seconds: Annotated[
        float, typer.Option(min=1, max=600, help="How long to record, each time.")
    ] = 10,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object, for programs.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Record a button's raw edges, at rest and while you press it, and find interference."""
    settings, _ = read_settings(config)
    named = door_named(settings, door)
    wanted = settings.doors[named].button
    limits = {"min_press_s": wanted.min_press_s, "debounce_s": wanted.debounce_s}
    if wanted.driver == "simulated" and not as_json:
        example = "this is made up, like the edges of a long wire"
        say(f"[doors.{named}.button] is simulated: {example}")
    recorded: dict[str, list[Edge]] = {}
    for phase, words in PHASES.items():
        if not as_json:
            say(f"{seconds:g} s: {words} …")
        try:
            recorded[phase] = _edges(wanted, seconds, phase)
        except GpioError as error:
            complain(f"✗ {error}")
            sys.exit(1)
    found = {phase: diagnose(edges, **limits) for phase, edges in recorded.items()}
    later = [Edge(edge.at + seconds, edge.active) for edge in recorded["press"]]
    advice = advise(diagnose([*recorded["rest"], *later], **limits), **limits)
    ghosts = len(found["rest"].presses)
    if ghosts:
        advice.insert(0, f"{count(ghosts, 'press')} without a finger: ghosts, see below")
    if as_json:
        facts = {phase: _facts(edges, found[phase]) for phase, edges in recorded.items()}
        say_json({"door": named, "advice": advice, **facts})
        return
    for phase, edges in recorded.items():
        say(f"{phase:>6} │{draw_line(edges, seconds)}│ {seconds:g} s")
        say(f"       {_words(found[phase])}")
    say(*(f"→ {line}" for line in advice))


def _edges(button: ButtonSettings, seconds: float, phase: str) -> list[Edge]:
    """The line's edges; a simulated button has those of a long wire."""
    if button.driver == "gpio" and button.pin is not None:
        return record_edges(button.pin, pull=button.pull, seconds=seconds)
    number = max(1, int(seconds / 4))
    presses = number if phase == "press" else 0
    return synthetic_edges(seconds, presses=presses, glitches=number, seed=len(phase))


def _words(one: Diagnosis) -> str:
    presses = count(len(one.presses), "press")
    if one.press_s is not None:
        presses += f", the shortest held for {one.press_s * 1000:.1f} ms"
    glitches = f"{count(len(one.glitches), 'glitch')} kept out"
    if one.glitches:
        glitches += f", the longest of {one.glitch_s * 1000:.1f} ms"
    bounce = f"; bounce of up to {one.bounce_s * 1000:.1f} ms" if one.bounce_s else ""
    return f"{presses}; {glitches}{bounce}"


def _facts(edges: list[Edge], one: Diagnosis) -> dict[str, object]:
    return {
        "edges": [[round(edge.at, 6), edge.active] for edge in edges],
        "presses": [round(at, 6) for at in one.presses],
        "glitches": len(one.glitches),
        "glitch_s": one.glitch_s,
        "press_s": one.press_s,
        "bounce_s": one.bounce_s,
        "is_mains": one.is_mains,
    }
