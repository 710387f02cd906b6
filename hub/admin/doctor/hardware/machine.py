"""The doctor's look at the machine: its clock, disk, power, heat and memory."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from devices.machine import Finding, is_there, nearest, ok, pi, skipped, solar_day, sun_moves
from devices.machine import disk as disks
from hub.admin.doctor.context import Context
from hub.admin.install import units
from hub.system.clock import RELEASED, SYSTEM, Clock
from hub.wire.retained.quiet import by_schedule

ZONE_LIMIT_H = 3.5  # no zone is further from its sun, except in the west of China nearly


def clock(
    context: Context, machine: Clock = SYSTEM, now: datetime | None = None
) -> Iterator[Finding]:
    """Whether the time can be trusted, in which zone it is, and what follows from it."""
    here = (now or machine.utc()).astimezone()
    words = f"{here:%Y-%m-%d %H:%M:%S}"
    if here.timestamp() < RELEASED:
        fault = f"{words}: this doorbell was written later than that"
        yield Finding("problem", fault, "connect it to the network, then run `timedatectl`")
    elif machine.is_synchronised():
        yield ok(f"{words}, set by a time server")
    else:
        mend = "sudo timedatectl set-ntp true, and a network: `timedatectl` shows the result"
        yield Finding("warning", f"{words}, and no time server has set it since the boot", mend)
    yield _zone(context, here)
    yield _sun(context, here)
    kept = context.seen.quiet.get(context.settings.hub) if context.seen else None
    yield ok((kept or by_schedule(context.settings.quiet, here)).words)


def _zone(context: Context, here: datetime) -> Finding:
    zone = _zone_name(context.root)
    longitude = context.settings.house.longitude
    offset_h = (here.utcoffset() or here - here).total_seconds() / 3600
    mend = "sudo timedatectl set-timezone Europe/Berlin (`timedatectl list-timezones` has all)"
    if not zone:
        return Finding("warning", "no time zone is set: quiet hours are in UTC", mend)
    words = f"time zone {zone} ({here:%Z}, UTC{here.isoformat()[-6:]})"
    if longitude is not None and abs(offset_h - longitude / 15) > ZONE_LIMIT_H:
        mend = f"{mend}; or mend longitude in [house] (west is negative)"
        return Finding("warning", f"{words} does not fit longitude {longitude:g}", mend)
    return ok(words)


def _zone_name(root: Path) -> str:
    if named := os.environ.get("TZ"):
        return named.removeprefix(":")
    link = root / "etc/localtime"
    if link.is_symlink():
        return str(link.readlink()).partition("zoneinfo/")[2] or str(link.readlink())
    return "in /etc/localtime" if link.exists() else ""


def _sun(context: Context, here: datetime) -> Finding:
    house = context.settings.house
    if any("[house]" in fault for fault in context.faults):
        return skipped("sunrise and sunset: the place in [house] is faulty")
    if house.latitude is None or house.longitude is None:
        return skipped("sunrise and sunset: no latitude and longitude in [house]")
    day = solar_day(here.astimezone(UTC), house.longitude)
    moves = sun_moves(day, house.latitude, house.longitude)
    times = [f"{name} at {at.astimezone():%H:%M}" for name, at in moves.items()]
    return ok(", ".join(times) or "the sun neither rises nor sets today")


def disk(context: Context) -> Iterator[Finding]:
    """Room for journals and clips, and the card's wear."""
    state = context.settings.state_dir
    record = context.wanted("record")
    media = record.media_in(record.house_dir).path if record else None
    pace = disks.pace(media, SYSTEM.unix_s()) if media and is_there(media) else 0.0
    shared = media is not None and _device(media) == _device(state)
    yield from disks.space(state, grows_by=pace if shared else 0.0)
    if media is not None and not shared:
        yield from disks.space(media, grows_by=pace)
    yield from disks.wear(context.root)


def machine(context: Context) -> Iterator[Finding]:
    """Power, heat and memory."""
    yield from pi.power(context.root)
    yield pi.temperature(context.root)
    yield from pi.memory(context.root)
    if units.is_booted(context.root):
        yield from pi.limits(context.root)


def _device(path: Path) -> int:
    """The file system of a path; of one that does not exist yet, where it will be."""
    return nearest(path).stat().st_dev
