"""Handler files as units of systemd: what was saved is started, what changed started anew, what went is stopped.

It runs as root, so it reads handler files only to see whether they changed; their code runs in their own sandbox.
"""

import grp
import hashlib
import json
import os
import re
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from config import Settings, sources
from config.section import NAME
from hub.admin.check.house import users_of
from hub.admin.install import drop_ins, mosquitto
from hub.admin.install.drop_ins import HUB, UNIT, WEB
from hub.admin.install.mosquitto import OrderError, Systemctl
from hub.admin.security import credentials_folder
from hub.plugin import loader
from hub.system import atomic_file

GROUP = "doorbell"  # as which the units run
SETTLE_S = 0.2  # an editor may write in several steps: a file must hold still for so long
CLOCKS_S = 0.05  # the kernel's times of files lag behind its clock by a tick, 10 ms at most


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie on a Pi."""

    units: Path = Path("/etc/systemd/system")
    run: Path = Path("/run/doorbell-handlers")
    mosquitto: Path = Path("/etc/mosquitto/doorbell")

    @property
    def seen(self) -> Path:
        """What was there when everything was brought up to it."""
        return self.run / "seen.json"

    @property
    def looked(self) -> Path:
        """Its time is the last look's, whatever came of it: doorbell-handlers-again.service asks for newer files."""
        return self.run / "looked"

    @property
    def owed(self) -> Path:
        """It is there while systemd must still read its units anew."""
        return self.run / "reload"


@dataclass(slots=True)
class Look:
    """What there is to run.

    Attributes:
        settings: A digest of the settings file; empty when nobody has looked yet.
        handlers: A digest of each handler's file, by its name.
        saved: When each of these files was saved (Unix time), and the settings under "".
    """

    settings: str = ""
    handlers: dict[str, str] = field(default_factory=dict)
    saved: dict[str, float] = field(default_factory=dict, compare=False)


def systemctl(*arguments: str) -> str:
    """Have systemd do or tell something.

    Raises:
        OrderError: it says no, or is not there.
    """
    command = ["systemctl", *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise OrderError(
            "there is no systemctl here. Start the handlers with `doorbell run`"
        ) from None
    if done.returncode:
        raise OrderError(
            f"`{' '.join(command)}`: {' '.join(done.stderr.split()) or f'it ended with {done.returncode}'}"
        )
    return done.stdout


def sync(
    config: Path,
    tell: Callable[[str], None],
    places: Places | None = None,
    order: Systemctl = systemctl,
) -> None:
    """Bring the units up to the files, and look again until nothing changes meanwhile.

    Args:
        config: The settings file.
        tell: Called with a line for each thing done.
        places: Where things lie.
        order: What gives systemd its orders.

    Raises:
        SettingsError: the settings cannot be read; then everything runs on as it is.
        OrderError: systemd says no.
        OSError: something cannot be written.
    """
    places = places or Places()
    _let_in(config)
    seen = _read(places.seen)
    while True:
        with _noted(places.looked):
            settings, look, bad = _settled(config)
        if look == seen:
            return
        for line in bad:
            tell(line)
        _Change(settings, seen, look, places, order, tell).make()
        atomic_file.write(
            places.seen, json.dumps({"settings": look.settings, "handlers": look.handlers}).encode()
        )
        seen = look


@contextmanager
def _noted(mark: Path) -> Iterator[None]:
    """When a look began; also one that fails, so that only what was saved since then leads to another."""
    began = time.time() - CLOCKS_S
    try:
        yield
    finally:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        os.utime(mark, (began, began))


@dataclass(frozen=True, slots=True)
class _Change:
    """From what was seen to what there is."""

    settings: Settings
    before: Look
    now: Look
    places: Places
    order: Systemctl
    tell: Callable[[str], None]

    def make(self) -> None:
        self._make_passwords()
        drop_ins.put(self.settings, self.places.units, self.places.owed, self.order)
        self._stop_what_went()
        is_new_house = bool(self.before.settings) and self.before.settings != self.now.settings
        new = [name for name in self.now.handlers if name not in self.before.handlers]
        known = {name: digest for name, digest in self.now.handlers.items() if name not in new}
        changed = [
            name
            for name, digest in known.items()
            if is_new_house or self.before.handlers[name] != digest
        ]
        if is_new_house:
            self._say_and("restart", [HUB], "the settings changed: starts again")
        if is_new_house or not self.before.settings:
            self._begin_or_end_web(anew=is_new_house)
        if unknown := [UNIT.format(name) for name in new if name not in _enabled(self.places)]:
            self.order("enable", *unknown)  # so that the next boot need not wait for us
        self._say_and("start", [UNIT.format(name) for name in new], "started")
        self._say_and("restart", [UNIT.format(name) for name in changed], "changed: starts again")
        if not self.before.settings:
            self._say_and(
                "restart",
                self._older_than_their_files(),
                "began before its file was saved: starts again",
            )

    def _older_than_their_files(self) -> list[str]:
        """What has begun without us, at boot, and read what was there before somebody saved."""
        saved = {HUB: self.now.saved[""]} | {
            UNIT.format(name): self.now.saved[name] for name in self.now.handlers
        }
        said = self.order("show", "--property=Id,ExecMainStartTimestampMonotonic", *saved)
        blocks = [
            dict(line.split("=", 1) for line in block.splitlines())
            for block in said.strip().split("\n\n")
        ]
        booted, us = time.time() - time.monotonic(), "ExecMainStartTimestampMonotonic"
        began = {
            one["Id"]: booted + int(one[us]) / 1e6 for one in blocks if one.get(us, "0") != "0"
        }  # 0: not yet
        return [unit for unit, at in began.items() if at < max(saved[unit], saved[HUB])]

    def _stop_what_went(self) -> None:
        gone = sorted({*_enabled(self.places), *self.before.handlers} - self.now.handlers.keys())
        if gone:
            self.order("disable", "--now", "--no-block", *(UNIT.format(name) for name in gone))
            self.tell(f"{', '.join(gone)}: its file is gone, or it is switched off: stopped")

    def _say_and(self, verb: str, units: list[str], words: str) -> None:
        if units:
            self.order(verb, "--no-block", *units)
            names = (re.sub(r"^doorbell-(handler@)?|\.service$", "", unit) for unit in units)
            self.tell(f"{', '.join(names)}: {words}")

    def _begin_or_end_web(self, *, anew: bool) -> None:
        """The page of answer links runs only while it has an address."""
        runs = (self.places.units / "doorbell.target.wants" / WEB).is_symlink()
        if self.settings.web.url is None:
            if runs:
                self.order("disable", "--now", "--no-block", WEB)
            return
        if not runs:
            self.order("enable", WEB)
        self._say_and("restart" if anew else "start", [WEB], "starts")

    def _make_passwords(self) -> None:
        """For who has none yet; a change of the settings may also change what somebody may hear."""
        folder = self.settings.broker.password_dir
        if folder is None or not drop_ins.has_passwords(self.settings):
            return
        missing = [user for user in users_of(self.settings) if not (folder / user).is_file()]
        if not missing and self.before.settings in ("", self.now.settings):
            return
        credentials_folder.write(self.settings, folder.parent, (), ())
        if missing:
            self.tell(f"{', '.join(missing)}: has a password now")
        if self.places.mosquitto.is_dir():
            mosquitto.hand_over(folder.parent / "mosquitto", self.places.mosquitto)
            try:
                mosquitto.reread_users(self.order)
            except OrderError as error:
                self.tell(f"{error}. Nobody new can log in until mosquitto has read its users")


def _let_in(config: Path) -> None:
    """Who saves the settings as root, for root alone, would shut everybody out who is to start again by them."""
    with suppress(KeyError):
        group = grp.getgrnam(GROUP).gr_gid
        facts = config.stat()
        if not (
            facts.st_mode & stat.S_IROTH or (facts.st_gid == group and facts.st_mode & stat.S_IRGRP)
        ):
            os.chown(config, -1, group)
            config.chmod(stat.S_IMODE(facts.st_mode) | stat.S_IRGRP)


def _settled(config: Path) -> tuple[Settings, Look, list[str]]:
    """What there is, when it holds still; and a line for each file that cannot be a handler."""
    last: Look | None = None
    while True:
        settings = sources.load(config)
        look, bad = Look(_digest(config), saved={"": config.stat().st_ctime}), []
        for name, path in loader.find(settings).items():
            if not re.fullmatch(NAME, name) or name.startswith(loader.OTHERS):
                bad.append(
                    f"{path.name}: not a handler's name. Use a-z, 0-9, - and _, beginning with a letter"
                )
                continue
            if loader.is_off(path, settings):
                continue
            try:
                look.handlers[name] = _digest(path)
                look.saved[name] = 0.0 if path.parent == loader.SHIPPED else path.stat().st_ctime
            except OSError as error:
                bad.append(f"{path.name}: cannot be read ({error.strerror}). chmod a+r {path}")
        if look == last:
            return settings, look, bad
        last = look
        time.sleep(SETTLE_S)


def _digest(path: Path) -> str:
    """Of the place, too: a person's file takes the place of ours of the same name.

    Ours change with the program only, and `doorbell install` starts everything anew then.
    """
    if path.parent == loader.SHIPPED:
        return "shipped"
    return hashlib.sha256(str(path).encode() + b"\0" + path.read_bytes()).hexdigest()


def _read(path: Path) -> Look:
    try:
        return Look(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Look()


def _enabled(places: Places) -> list[str]:
    """Whose units start at boot."""
    links = (places.units / "doorbell.target.wants").glob(UNIT.format("*"))
    return [link.name.removeprefix("doorbell-handler@").removesuffix(".service") for link in links]
