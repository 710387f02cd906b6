"""`doorbell doctor button`: records a button's raw edges and says what to do about them."""

import json
import sys
from typing import Annotated

import typer

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
from hub.terminal.words import count

PHASES = {
    "rest": "do not touch the button",
    "press": "press it now, several times, shortly and long",
}


def button(
    door: Annotated[str | None, typer.Argument(help="Which door; else the first one.")] = None,
    seconds: Annotated[
        float, typer.Option(min=1, max=600, help="For how long to look, each time.")
    ] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
    config: ConfigOption = None,
) -> None:
    """Record a button's raw edges, at rest and while you press it: what is interference, and what to do about it."""
    settings, _ = read_settings(config)
    named = door_named(settings, door)
    wanted = settings.doors[named].button
    if wanted.driver == "simulated" and not as_json:
        print(
            f"[doors.{named}.button] is simulated: what you see is made up, as a long wire may look like"
        )
    limits = {"min_press_s": wanted.min_press_s, "debounce_s": wanted.debounce_s}
    found: dict[str, tuple[list[Edge], Diagnosis]] = {}
    for phase, words in (
        ("rest", "do not touch the button"),
        ("press", "press it now, several times, shortly and long"),
    ):
        if not as_json:
            print(f"{seconds:g} s: {words} …", flush=True)
        try:
            edges = _edges(wanted.driver, wanted.pin, wanted.pull, seconds, phase)
        except GpioError as error:
            print(f"✗ {error}", file=sys.stderr)
            sys.exit(1)
        found[phase] = edges, diagnose(edges, **limits)
    both = [
        *found["rest"][0],
        *(Edge(edge.at + seconds, edge.active) for edge in found["press"][0]),
    ]
    said = advise(diagnose(both, **limits), **limits)
    if found["rest"][1].presses:
        said.insert(
            0,
            f"{count(len(found['rest'][1].presses), 'press')} although nobody pressed: ghosts, see below",
        )
    if as_json:
        print(
            json.dumps(
                {
                    "door": named,
                    "advice": said,
                    **{name: _facts(*one) for name, one in found.items()},
                }
            )
        )
        return
    for name, (edges, one) in found.items():
        print(f"{name:>6} │{draw_line(edges, seconds)}│ {seconds:g} s")
        print(f"       {_words(one)}")
    print("\n".join(f"→ {line}" for line in said))


def _edges(driver: str, pin: int | None, pull: str, seconds: float, phase: str) -> list[Edge]:
    """From the line; a simulated button shows what a long wire may look like."""
    if driver == "gpio" and pin is not None:
        return record_edges(pin, pull=pull, seconds=seconds)
    number = max(1, int(seconds / 4))
    return synthetic_edges(
        seconds, presses=number if phase == "press" else 0, glitches=number, seed=len(phase)
    )


def _words(one: Diagnosis) -> str:
    shortest = "" if one.press_s is None else f", the shortest held for {one.press_s * 1000:.1f} ms"
    longest = f", the longest of {one.glitch_s * 1000:.1f} ms" if one.glitches else ""
    bounce = f"; bounce of up to {one.bounce_s * 1000:.1f} ms" if one.bounce_s else ""
    rejected = count(len(one.glitches), "glitch")
    presses = count(len(one.presses), "press")
    return f"{presses}{shortest}; {rejected} kept out{longest}{bounce}"


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
