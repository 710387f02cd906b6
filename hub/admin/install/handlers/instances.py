"""Handler files as units of systemd: saved ones start, changed ones restart, removed ones stop.

It runs as root, so it reads handler files only to see whether they changed; their code runs in a
sandbox of its own.
"""

import grp
import os
import re
import stat
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from config import Settings
from hub.admin.check.house import users_of
from hub.admin.install import drop_ins, mosquitto
from hub.admin.install.drop_ins import HUB, UNIT, WEB
from hub.admin.install.handlers.look import Look, noted, settled
from hub.admin.install.orders import OrderError, Systemctl, systemctl
from hub.admin.security import credentials_folder
from hub.system.files.folder_owner import owner_of

GROUP = "doorbell"  # the units' group
MASKED = "masked"  # in place of a file's digest: what is saved meanwhile changes nothing
BEGAN = "ExecMainStartTimestampMonotonic"  # in µs since the boot; 0: not started yet


@dataclass(frozen=True, slots=True)
class Places:
    """The folders on a Pi."""

    units: Path = Path("/etc/systemd/system")
    until_boot: Path = Path("/run/systemd/system")
    run: Path = Path("/run/doorbell-handlers")
    mosquitto: Path = Path("/etc/mosquitto/doorbell")

    def has_masked(self, unit: str) -> bool:
        """Whether a person has said that a unit is never to start (systemctl(1), mask)."""
        links = (self.units / unit, self.until_boot / unit)
        return any(one.is_symlink() and one.readlink() == Path(os.devnull) for one in links)

    def has_masked_handler(self, name: str) -> bool:
        """Whether that holds for the unit of this handler."""
        return self.has_masked(UNIT.format(name))

    @property
    def seen(self) -> Path:
        """The last look that the units were brought up to."""
        return self.run / "seen.json"

    @property
    def looked(self) -> Path:
        """A mark: its time is that of the last look, whatever came of it."""
        return self.run / "looked"

    @property
    def owed(self) -> Path:
        """A mark: systemd has not read its changed units yet."""
        return self.run / "reload"


def sync(
    config: Path,
    report: Callable[[str], None],
    places: Places | None = None,
    order: Systemctl = systemctl,
) -> None:
    """Bring the units up to the files, and repeat until nothing changes meanwhile.

    Args:
        config: The settings file.
        report: Called with a line for each thing done.
        places: The folders.
        order: Runs systemctl.

    Raises:
        SettingsError: the settings cannot be read; then everything runs on unchanged.
        OrderError: nothing is installed here, or systemd refuses.
        OSError: something cannot be written.
    """
    places = places or Places()
    if not (places.units / "doorbell.target").is_file():
        raise OrderError("doorbell is not installed here: `sudo ./install.sh` installs it")
    _let_in(config)
    seen = Look.read(places.seen)
    while True:
        with noted(places.looked):
            settings, look, faults = settled(config)
            masked = filter(places.has_masked_handler, look.handlers)
            look.handlers |= dict.fromkeys(masked, MASKED)
        change = _Change(settings, seen, look, places, order, report)
        if look == seen:
            change.stop_removed()
            change.start_failed()
            return
        for fault in faults:
            report(fault)
        change.make()
        look.write(places.seen)
        seen = look


@dataclass(frozen=True, slots=True)
class _Change:
    """From the look before to the look now."""

    settings: Settings
    before: Look
    now: Look
    places: Places
    order: Systemctl
    report: Callable[[str], None]

    def make(self) -> None:
        is_first = not self.before.settings
        has_new_settings = not is_first and self.before.settings != self.now.settings
        self._make_passwords()
        drop_ins.put(
            self.settings, self.places.units, self.places.owed, self.order, self.now.handlers
        )
        self.stop_removed()
        if has_new_settings:
            self._tell_units("restart", [HUB], "the settings changed: restarts")
        if has_new_settings or is_first:
            self._start_or_stop_web(verb="restart" if has_new_settings else "start")
        self._start_new()
        self._restart_changed(everything=has_new_settings)
        if is_first:
            units = self._older_than_their_files()
            self._tell_units("restart", units, "began before its file was saved: restarts")

    def start_failed(self) -> None:
        """Start what failed before its files were saved, even if they say the same as ever."""
        failed = self._older_than_their_files(state="failed")
        wanted = {HUB, WEB, *map(UNIT.format, _enabled(self.places))}  # not what a person disabled
        failed = [unit for unit in failed if unit in wanted]
        self._tell_units("start", failed, "failed before its file was saved: starts")

    def _start_new(self) -> None:
        before, enabled = self.before.handlers, _enabled(self.places)
        wanted = [name for name in self.now.handlers if before.get(name, MASKED) == MASKED]
        unknown = self._startable(UNIT.format(name) for name in wanted if name not in enabled)
        if unknown:
            self.order("enable", *unknown)  # so that the next boot starts them at once
        new = [UNIT.format(name) for name in wanted if name not in before]
        self._tell_units("start", new, "started")

    def _restart_changed(self, *, everything: bool) -> None:
        changed = [
            UNIT.format(name)
            for name, digest in self.now.handlers.items()
            if name in self.before.handlers and (everything or self.before.handlers[name] != digest)
        ]
        self._tell_units("restart", changed, "changed: restarts")

    def _older_than_their_files(self, state: str = "") -> list[str]:
        """The units that read their files before a save; with a state, those in this state."""
        saved = {HUB: self.now.saved[""]}
        if self.settings.web.is_wanted:
            saved[WEB] = self.now.saved[""]
        saved |= {UNIT.format(name): self.now.saved[name] for name in self.now.handlers}
        answer = self.order("show", f"--property=Id,ActiveState,{BEGAN}", *saved)
        now = time.time()
        booted = now - time.monotonic()
        # What is of the future was saved before this boot: the clock is not set yet.
        saved = {unit: 0.0 if at > now else at for unit, at in saved.items()}
        older: list[str] = []
        for block in answer.strip().split("\n\n"):
            facts = dict(line.split("=", 1) for line in block.splitlines())
            began_us = int(facts.get(BEGAN, "0"))
            if not began_us or state not in ("", facts["ActiveState"]):
                continue
            unit = facts["Id"]
            if booted + began_us / 1e6 < max(saved[unit], saved[HUB]):
                older.append(unit)
        return older

    def stop_removed(self) -> None:
        """Stop those whose files are gone; a masked one when it is no longer masked."""
        gone = sorted({*_enabled(self.places), *self.before.handlers} - self.now.handlers.keys())
        removed = [name for name in gone if not self.places.has_masked_handler(name)]
        if removed:
            units = [UNIT.format(name) for name in removed]
            self.order("disable", "--now", "--no-block", *units)
            why = "its file is gone, or it is switched off: stopped"
            self.report(f"{', '.join(removed)}: {why}")

    def _tell_units(self, verb: str, units: list[str], words: str) -> None:
        """Give systemd an order for these units, and report it; a masked one stays as it is."""
        if units := self._startable(units):
            self.order(verb, "--no-block", *units)
            names = (re.sub(r"^doorbell-(handler@)?|\.service$", "", unit) for unit in units)
            self.report(f"{', '.join(names)}: {words}")

    def _startable(self, units: Iterable[str]) -> list[str]:
        """Those of these units that no person has masked: systemd would refuse to start them."""
        return [unit for unit in units if not self.places.has_masked(unit)]

    def _start_or_stop_web(self, *, verb: str) -> None:
        """doorbell-web runs only while `[web]` asks for the page, or for links."""
        is_enabled = (self.places.units / "doorbell.target.wants" / WEB).is_symlink()
        if not self.settings.web.is_wanted:
            if is_enabled:
                self.order("disable", "--now", "--no-block", WEB)
            return
        if not is_enabled:
            self.order("enable", WEB)
        self._tell_units(verb, [WEB], "starts")

    def _make_passwords(self) -> None:
        """For users without one; new settings may also change what a user may hear."""
        folder = self.settings.broker.password_dir
        if folder is None or not drop_ins.has_passwords(self.settings):
            return
        missing = [user for user in users_of(self.settings) if not (folder / user).is_file()]
        if not missing and self.before.settings in ("", self.now.settings):
            return
        lost = credentials_folder.write(self.settings, folder.parent, (), ()).lost
        if missing:
            self.report(f"{', '.join(missing)}: has a password now")
        if self.places.mosquitto.is_dir():
            lost += mosquitto.hand_over(folder.parent / "mosquitto", self.places.mosquitto)
            try:
                mosquitto.reread_users(self.order)
            except OrderError as error:
                why = "New users cannot log in until mosquitto has read its users"
                self.report(f"{error}. {why}")
        for line in lost:
            self.report(line)


def _let_in(config: Path) -> None:
    """Let the units read the settings, also after root has saved them for root alone."""
    with suppress(KeyError):
        group = grp.getgrnam(GROUP).gr_gid
        owner = owner_of(config.parent)
        if owner is not None and owner.uid != os.geteuid():
            return  # in its own folder a user may put a link in its place
        facts = config.stat()
        is_for_group = facts.st_gid == group and facts.st_mode & stat.S_IRGRP
        if not (facts.st_mode & stat.S_IROTH or is_for_group):
            os.chown(config, -1, group)
            config.chmod(stat.S_IMODE(facts.st_mode) | stat.S_IRGRP)


def _enabled(places: Places) -> list[str]:
    """The handlers whose units start at boot."""
    links = (places.units / "doorbell.target.wants").glob(UNIT.format("*"))
    return [link.name.removeprefix("doorbell-handler@").removesuffix(".service") for link in links]
