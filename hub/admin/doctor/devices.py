"""The doctor's look at what is plugged in: GPIO lines, the camera, the sound card."""

import getpass
import grp
import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from devices.camera import Privacy, fault_in_camera, open_camera, without_password
from devices.gpio import GpioError, LineInfo, gpio_chips, open_input, read_line_info
from devices.machine.finding import Finding, fault, ok, size, skipped
from devices.speaker import AlsaSpeaker, SpeakerError
from devices.video import CameraError
from hub.admin.doctor.context import Context
from hub.wire import topics

PICTURE_S = 8.0
OURS = "lg"  # what lgpio calls itself to the kernel (lgGpio.c)
SOUND = Path("dev/snd")


def gpio(
    context: Context,
    line: Callable[..., LineInfo | None] = read_line_info,
    opened: Callable[..., Any] = open_input,
) -> Iterator[Finding]:
    """Each line that the settings name: there, ours or free, and at rest."""
    wanted = list(context.settings.gpio_lines())
    if not wanted:
        yield skipped("no door, light or relay is set to a GPIO line")
        return
    chips = gpio_chips(context.root)
    if not chips:
        words = f"{wanted[0][1]} pin: there is no /dev/gpiochip* here"
        mend = 'this is no Raspberry Pi, or its kernel was told to hide them; driver = "simulated" needs none'
        yield Finding("problem", words, mend)
        return
    pulls = {
        f"[doors.{name}.button]": door.button.pull for name, door in context.settings.doors.items()
    }
    for pin, where in wanted:
        title = f"GPIO {pin} of {where}"
        try:
            found = line(pin, context.root)
        except PermissionError as error:
            device = Path(error.filename or chips[0])
            yield _closed(context, f"{device} may not be used by you", device, "gpio")
            return
        except OSError as error:
            yield Finding(
                "problem", f"{title}: {chips[0]} cannot be asked: {error}", "`dmesg` may say why"
            )
            continue
        if found is None:
            yield Finding(
                "problem",
                f"{title}: there is no such line",
                "set pin to a BCM number, 0 to 27: docs/wiring.md",
            )
        else:
            yield _line(
                title,
                found,
                is_running=context.runs(context.hub),
                at_rest=partial(_at_rest, title, pin, pulls.get(where), opened),
            )


def _line(
    title: str, found: LineInfo, *, is_running: bool, at_rest: Callable[[], Finding]
) -> Finding:
    if found.user == OURS and is_running:
        return ok(f"{title}: on {found.chip.name} ({found.label}), used by our hub")
    if found.user:
        mend = f"`sudo lsof {found.chip}` shows who has it: end that, or choose another line"
        return Finding("problem", f"{title}: taken by another program, {found.user!r}", mend)
    if is_running:
        mend = "restart the hub: it may run with older settings"
        return Finding(
            "problem",
            f"{title}: free, although the hub is ready: it does not look at this line",
            mend,
        )
    return at_rest()


def _at_rest(title: str, pin: int, pull: str | None, opened: Callable[..., Any]) -> Finding:
    """Of a button nobody may be pressing now."""
    if pull is None:
        return ok(f"{title}: free")
    try:
        line = opened(pin, pull_up=pull == "up")
    except GpioError as error:
        return fault(f"{error}", "`doorbell check` says what is missing")
    try:
        is_pressed = line.is_active
    finally:
        line.close()
    if is_pressed:
        mend = f'if nobody presses: pull = "{"down" if pull == "up" else "up"}", or the wire touches (docs/wiring.md)'
        return Finding("warning", f"{title}: free, and reads as pressed", mend)
    return ok(f"{title}: free, and at rest ({'high' if pull == 'up' else 'low'})")


def camera(context: Context, patience_s: float = PICTURE_S) -> Iterator[Finding]:
    """A picture now; where `record` has the camera, its own word counts."""
    config = context.wanted("record")
    if config is None:
        yield skipped("record is switched off, or its settings are faulty")
        return
    name, shown = config.camera, without_password(config.camera)
    source = topics.source("handler", "record")
    switch = config.state_dir / "record.private" if config.private_topic else None
    if reason := Privacy(config.private_from, config.private_to, switch)():
        yield skipped(f"{shown}: {reason}: nobody looked")
    elif context.runs(source) and (words := context.status(source).get("reason")):
        yield fault(
            f"{shown}: in use by record, which says: {words}", "docs/troubleshooting.md, No picture"
        )
    elif context.runs(source):
        yield ok(f"{shown}: in use by record, which has nothing to complain of")
    elif name == "test":
        yield skipped("test: the test pattern, and no camera: set camera in [handlers.record]")
    elif missing := fault_in_camera(name):
        yield fault(f"camera: {missing}", "docs/camera.md says which there are")
    elif name.startswith("/dev/") and not os.access(name, os.R_OK | os.W_OK):
        yield _closed(context, f"{shown} may not be used by you", Path(name), "video")
    else:
        yield _picture(name, shown, patience_s)


def _picture(name: str, shown: str, patience_s: float) -> Finding:
    began = time.monotonic()
    try:
        eye = open_camera(name, preroll_s=1)
    except CameraError as error:
        return fault(
            f"{shown}: {without_password(str(error))}", "docs/camera.md says what it needs"
        )
    try:
        while True:
            try:
                picture = eye.check()
            except CameraError as error:  # a network camera takes its time to answer
                if time.monotonic() - began > patience_s / 2:
                    return fault(
                        without_password(str(error)), "docs/troubleshooting.md, No picture"
                    )
            else:
                return ok(
                    f"{shown}: a picture of {size(picture)} after {time.monotonic() - began:.1f} s"
                )
    finally:
        eye.close()


def sound(context: Context) -> Iterator[Finding]:
    """Whether each speaker opens; nothing is played."""
    named = {name: config.speaker for name in ("bark", "speak") if (config := context.wanted(name))}
    if context.settings.chime.speaker:
        named["[chime]"] = context.settings.chime.speaker
    if not named:
        yield skipped("nothing is set to make a sound")
    for name in dict.fromkeys(named.values()):
        whose = ", ".join(who for who, speaker in named.items() if speaker == name)
        yield _speaker(context, name, whose)


def _speaker(context: Context, name: str, whose: str) -> Finding:
    title = f"{name} (of {whose})"
    if name == "simulated":
        return skipped(f"{title}: what would be heard goes into files")
    cards = sorted((context.root / SOUND).glob("pcm*p"))
    if closed := [path for path in cards if not os.access(path, os.R_OK | os.W_OK)]:
        return _closed(context, f"{title}: {closed[0]} may not be used by you", closed[0], "audio")
    try:
        said = AlsaSpeaker(None if name in ("auto", "default") else name).check()
    except SpeakerError as error:
        found = fault(f"{title}: {error}", "docs/troubleshooting.md, No sound")
        if name != "auto":
            return found
        return found._replace(
            state="warning", found=f"{found.found}; what would be heard goes into files"
        )
    return ok(f"{title}: {said}")


def _closed(context: Context, words: str, device: Path, otherwise: str) -> Finding:
    """A device that whoever asks may not use; the units of systemd may by themselves."""
    if context.is_guest:
        return Finding("skipped", words, "sudo doorbell doctor")
    try:
        group = grp.getgrgid(device.stat().st_gid).gr_name
    except (OSError, KeyError):
        group = otherwise
    group = otherwise if group == "root" else group
    return Finding("problem", words, f"sudo adduser {getpass.getuser()} {group}, and log in again")
