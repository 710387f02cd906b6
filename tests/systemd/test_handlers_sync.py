"""`doorbell handlers sync`: its orders to systemd when handler files and settings change."""

import grp
import json
import os
import re
import shutil
import stat
import subprocess
import time
from pathlib import Path

import pytest

from config import SettingsError
from hub.admin.install.handlers import instances
from hub.admin.install.handlers.instances import Places
from hub.admin.install.orders import OrderError
from hub.plugin import loader
from tests.house import until

OFF = {"light", "speak", "talk", "telemetry"}  # at first
SHIPPED = sorted(
    {path.stem for path in loader.SHIPPED.glob("*.py")} - OFF,
    key=lambda name: (name not in loader.FIRST, name),
)
LAMP = '[handlers.light]\nlamp = "zigbee2mqtt:porch"\n'


class Pi:
    """A machine's folders, and a systemd that obeys and remembers."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "doorbell.toml"
        self.handlers = folder / "handlers"
        self.handlers.mkdir()
        self.settings("")
        self.places = Places(
            folder / "units", folder / "until-boot", folder / "run", folder / "mosquitto"
        )
        self.places.until_boot.mkdir()
        self.wants = self.places.units / "doorbell.target.wants"
        self.wants.mkdir(parents=True)
        (self.places.units / "doorbell.target").touch()
        self.passwords = folder / "broker" / "passwords"
        self.version = "systemd 252 (252.39)"
        self.began: dict[str, float] = {}
        self.failed: set[str] = set()
        self.orders: list[str] = []
        self.said: list[str] = []

    def settings(self, text: str, head: str = "") -> None:
        here = 'handlers_dir = "handlers"\nstate_dir = "state"\n'
        self.config.write_text(
            f"{here}{head}[broker]\nhost = '127.0.0.1'\npassword_dir = 'broker/passwords'\n{text}"
        )

    def save(self, name: str, text: str = "# a handler") -> None:
        (self.handlers / f"{name}.py").write_text(text, encoding="utf-8")

    def order(self, *arguments: str) -> str:
        if arguments == ("--version",):
            return self.version
        if arguments[0] == "show":
            return "\n\n".join(
                f"ExecMainStartTimestampMonotonic={int(self.began.get(unit, 0) * 1e6)}\nId={unit}\n"
                f"ActiveState={'failed' if unit in self.failed else 'active'}"
                for unit in arguments[2:]
            )
        self.orders.append(" ".join(arguments))
        verb, *units = [word for word in arguments if not word.startswith("--")]
        for unit in units:
            if verb == "enable":
                (self.wants / unit).symlink_to(unit)
            elif verb == "disable":
                (self.wants / unit).unlink(missing_ok=True)
        return ""

    def sync(self) -> list[str]:
        self.orders.clear()
        self.said.clear()
        instances.sync(self.config, self.said.append, self.places, self.order)
        return self.orders

    def newer(self) -> str:
        """What doorbell-handlers-again.service would find."""
        look = ["find", self.config, self.handlers, "-cnewer", self.places.looked]
        return subprocess.run(look, capture_output=True, check=True, text=True).stdout


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    """A Pi on which nothing was started yet."""
    return Pi(tmp_path)


@pytest.fixture
def running(pi: Pi) -> Pi:
    """The same, after the first boot."""
    pi.sync()
    return pi


def test_where_nothing_is_installed_it_is_refused_and_nothing_is_written(tmp_path: Path):
    """As in a checkout: drop-ins for units that are not there would stay in /etc."""
    pi = Pi(tmp_path)
    (pi.places.units / "doorbell.target").unlink()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(OrderError, match=r"not installed here: `sudo ./install.sh` installs it"):
        pi.sync()
    assert (sorted(tmp_path.rglob("*")), pi.orders) == (before, [])


def test_at_first_every_handler_is_started_now_and_at_each_boot(pi: Pi):
    """Ours and the user's own, the lamp first; the target starts the hub."""
    pi.save("mine")
    pi.settings(LAMP)
    units = [f"doorbell-handler@{name}.service" for name in ["light", *SHIPPED, "mine"]]
    assert pi.sync() == [f"enable {' '.join(units)}", f"start --no-block {' '.join(units)}"]


def test_who_began_before_somebody_saved_is_started_anew(pi: Pi):
    """At boot hub and handlers begin by themselves, and may have read the files of before."""
    pi.sync()
    pi.places.seen.unlink()
    long_ago, later = time.monotonic() - 3600, time.monotonic() + 3600
    hub, mine, log = (
        "doorbell-hub.service",
        "doorbell-handler@mine.service",
        "doorbell-handler@log.service",
    )
    pi.began = {hub: later, log: later, mine: later}
    assert [order.split()[0] for order in pi.sync()] == ["start"]
    pi.places.seen.unlink()
    pi.save("mine")
    pi.began = {hub: later, log: long_ago, mine: 0}
    assert (
        pi.sync()[-1] == f"restart --no-block {log}"
    )  # older than the settings; who has not begun needs nothing
    pi.places.seen.unlink()
    pi.began = {hub: long_ago, log: later, mine: long_ago}
    assert pi.sync()[-1] == f"restart --no-block {hub} {mine}"


def test_a_handler_that_is_switched_off_has_no_process(running: Pi):
    """By the settings, or the default in its file, which is never run; switched on, it starts."""
    running.save("mine", "raise SystemExit\nclass Config:\n    enabled: bool = False\n")
    assert running.sync() == []
    running.settings("[handlers.mine]\nenabled = true\n[handlers.bark]\nenabled = false\n")
    orders = running.sync()
    assert orders[0] == "disable --now --no-block doorbell-handler@bark.service"
    assert "start --no-block doorbell-handler@mine.service" in orders
    running.settings("")
    assert "start --no-block doorbell-handler@bark.service" in running.sync()
    running.save("broken", "class Config(:\n    enabled: bool = False\n")
    assert (
        "start --no-block doorbell-handler@broken.service" in running.sync()
    )  # so that it says what is wrong


def test_what_is_saved_while_it_looks_is_newer_than_what_it_has_seen(running: Pi):
    """doorbell-handlers-again.service finds it, and finds nothing after the next look."""
    running.save("mine")
    assert running.newer()
    running.sync()
    until(
        lambda: not running.sync() and not running.newer(),
        "a look at what rests leaves nothing newer",
    )
    running.save("mine")  # the same again
    assert running.newer()
    until(
        lambda: not running.sync() and not running.newer(),
        "a look at what rests leaves nothing newer",
    )


def test_a_mend_that_is_saved_while_it_fails_is_found(running: Pi):
    """A failed look counts: only what was saved since is newer, so that the looking ends."""
    running.settings("prot = 1\n")
    assert running.newer()
    until(
        lambda: not (_look_at_faulty(running) or running.newer()),
        "a look at what rests leaves nothing newer",
    )
    running.settings("")
    assert running.newer()


def _look_at_faulty(running: Pi) -> None:
    with pytest.raises(SettingsError):
        running.sync()


def test_units_that_systemd_has_not_read_yet_are_read_by_the_next_look(running: Pi):
    """A run that was cut off between writing and reading them leaves a mark."""
    path = running.places.units / "doorbell-hub.service.d" / "login.conf"
    running.settings("", head='hub = "cabin"\n')

    def refuse(*arguments: str) -> str:
        if arguments[0] == "daemon-reload":
            raise OrderError("no")
        return running.order(*arguments)

    with pytest.raises(OrderError):
        instances.sync(running.config, running.said.append, running.places, refuse)
    assert path.is_file()
    assert running.sync()[0] == "daemon-reload"
    running.save("mine")
    assert "daemon-reload" not in running.sync()


def test_an_update_of_ours_is_no_reason_to_start_anew(
    running: Pi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """`doorbell install` has restarted everything already."""
    monkeypatch.setattr(
        loader, "SHIPPED", Path(shutil.copytree(loader.SHIPPED, tmp_path / "newer"))
    )
    with (loader.SHIPPED / "log.py").open("a", encoding="utf-8") as file:
        file.write("# newer\n")
    assert running.sync() == []


def test_settings_that_were_saved_for_root_alone_shut_nobody_out(
    running: Pi, monkeypatch: pytest.MonkeyPatch
):
    """Hub and handlers restart with them as their own user, whose group may read them then."""
    group = os.getgid()
    monkeypatch.setattr(grp, "getgrnam", lambda _: grp.getgrgid(group))
    running.settings("", "log_level = 'DEBUG'\n")
    running.config.chmod(0o600)
    running.sync()
    assert stat.S_IMODE(running.config.stat().st_mode) == 0o640
    assert running.config.stat().st_gid == group


def test_what_has_not_changed_is_left_alone(running: Pi):
    """A second look orders nothing, and neither does a boot."""
    assert running.sync() == []
    running.places.seen.unlink()
    assert [order.split()[0] for order in running.sync()] == ["start"]


def test_a_file_that_is_saved_is_started(running: Pi):
    """Only this one, with a password that only root can read."""
    running.save("mine")
    assert running.sync() == [
        "enable doorbell-handler@mine.service",
        "start --no-block doorbell-handler@mine.service",
    ]
    assert stat.S_IMODE((running.passwords / "handler-mine").stat().st_mode) == 0o600
    assert running.said == ["handler-mine: has a password now", "mine: started"]


def test_a_file_that_changes_is_started_anew(running: Pi):
    """If its content changed; `touch` changes nothing."""
    running.save("mine")
    running.sync()
    running.save("mine")
    assert running.sync() == []
    running.save("mine", "# another")
    assert running.sync() == ["restart --no-block doorbell-handler@mine.service"]


def test_a_file_that_goes_is_stopped(running: Pi):
    """It no longer starts at boot; also if it was removed between two looks."""
    running.save("mine")
    running.sync()
    (running.handlers / "mine.py").unlink()
    running.places.seen.unlink()
    assert running.sync()[0] == "disable --now --no-block doorbell-handler@mine.service"
    assert not (running.wants / "doorbell-handler@mine.service").is_symlink()


def test_a_file_of_the_same_name_takes_the_place_of_ours(running: Pi):
    """Even with the same content."""
    shutil.copy(loader.SHIPPED / "log.py", running.handlers)
    assert running.sync() == ["restart --no-block doorbell-handler@log.service"]


def test_a_file_that_can_be_no_handler_is_told(running: Pi):
    """It starts no unit, and stops none."""
    running.save("My Handler")
    running.save("mine")
    assert len(running.sync()) == 2
    assert running.said[0].startswith("My Handler.py: not a handler's name")


def test_no_line_of_a_handler_file_is_run(running: Pi, tmp_path: Path):
    """Otherwise a user who may save one would become root."""
    running.save("mine", f"open({str(tmp_path / 'ran')!r}, 'w')")
    running.sync()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("web", ["url = 'https://door.example'", "page = true"])
def test_changed_settings_start_everything_anew(running: Pi, web: str):
    """The hub, each handler, and doorbell-web while the settings ask for page or links."""
    running.settings(f"[web]\n{web}\n")
    units = " ".join(f"doorbell-handler@{name}.service" for name in SHIPPED)
    assert running.sync() == [
        "restart --no-block doorbell-hub.service",
        "enable doorbell-web.service",
        "restart --no-block doorbell-web.service",
        f"restart --no-block {units}",
    ]
    assert (running.passwords / "web-home").is_file()
    running.settings("")
    assert "disable --now --no-block doorbell-web.service" in running.sync()


def test_faulty_settings_change_nothing(running: Pi):
    """Everything runs on unchanged until they are mended."""
    running.save("mine")
    running.settings("prot = 1\n")
    with pytest.raises(SettingsError, match="prot"):
        running.sync()
    assert running.orders == []
    running.settings("")
    assert len(running.sync()) == 2


@pytest.mark.parametrize("name", ["hub", "web", "handler@log", "handler@mine"])
def test_a_unit_that_failed_before_a_save_is_started(pi: Pi, name: str):
    """Also where the settings are again what they were: it may have begun while they were not."""
    pi.save("mine")
    pi.settings("[web]\npage = true\n")
    pi.sync()
    unit = f"doorbell-{name}.service"
    long_ago, later = time.monotonic() - 3600, time.monotonic() + 3600
    pi.began = {unit: long_ago}
    assert pi.sync() == []  # it runs
    pi.failed = {unit}
    assert pi.sync() == [f"start --no-block {unit}"]
    assert pi.said == [f"{name.removeprefix('handler@')}: failed before its file was saved: starts"]
    pi.began = {unit: later}
    assert pi.sync() == []  # it failed with the files as they are


def test_what_a_person_has_disabled_does_not_start_by_itself(pi: Pi):
    """It may have failed before."""
    pi.save("mine")
    pi.sync()
    unit = "doorbell-handler@mine.service"
    (pi.wants / unit).unlink()
    pi.began, pi.failed = {unit: time.monotonic() - 3600}, {unit}
    assert pi.sync() == []


@pytest.mark.parametrize("where", ["units", "until_boot"])
def test_what_a_person_has_masked_is_left_alone_and_holds_up_nothing_else(pi: Pi, where: str):
    """Systemd refuses to start it, and each look would restart all others again."""
    folder = getattr(pi.places, where)
    pi.save("mine")
    pi.save("other")
    pi.sync()
    unit = "doorbell-handler@mine.service"
    (folder / unit).symlink_to("/dev/null")
    pi.save("mine", "# changed")
    pi.save("other", "# changed")
    assert pi.sync() == ["restart --no-block doorbell-handler@other.service"]
    pi.began, pi.failed = {unit: time.monotonic() - 3600}, {unit}
    assert pi.sync() == []
    (folder / "doorbell-handler@new.service").symlink_to("/dev/null")
    pi.save("new")
    assert pi.sync() == []
    (pi.handlers / "mine.py").unlink()
    assert pi.sync() == []


def test_what_is_no_longer_masked_catches_up(pi: Pi):
    """With what was saved and removed meanwhile, at the next look."""
    pi.save("mine")
    pi.save("gone")
    pi.sync()
    names = ("mine", "gone", "new")
    masks = [pi.places.units / f"doorbell-handler@{name}.service" for name in names]
    for mask in masks:
        mask.symlink_to("/dev/null")
    assert pi.sync() == []
    pi.save("mine", "# changed")
    pi.save("new")
    (pi.handlers / "gone.py").unlink()
    assert pi.sync() == []

    for mask in masks:
        mask.unlink()
    assert sorted(pi.sync()) == [
        "disable --now --no-block doorbell-handler@gone.service",
        "enable doorbell-handler@new.service",
        "restart --no-block doorbell-handler@mine.service doorbell-handler@new.service",
    ]
    assert pi.sync() == []


def test_a_masked_handler_that_is_removed_leaves_no_link(pi: Pi):
    """Nothing but the mask has changed since the last look."""
    pi.save("mine")
    pi.sync()
    mask = pi.places.units / "doorbell-handler@mine.service"
    mask.symlink_to("/dev/null")
    (pi.handlers / "mine.py").unlink()
    assert pi.sync() == []
    mask.unlink()
    assert pi.sync() == ["disable --now --no-block doorbell-handler@mine.service"]
    assert pi.sync() == []


def test_a_file_saved_before_a_boot_in_the_past_starts_nothing(pi: Pi, monkeypatch):
    """Until a time server answers it looks newer than each start: each look would start it."""
    pi.save("mine")
    pi.sync()
    unit = "doorbell-handler@mine.service"
    pi.began, pi.failed = {unit: time.monotonic()}, {unit}
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() - 3600)
    assert pi.sync() == []


def test_what_failed_is_tried_again(pi: Pi):
    """It counts as seen only when systemd took the order."""

    def refuse(*arguments: str) -> str:
        if arguments[0] == "start":
            raise OrderError("no")
        return pi.order(*arguments)

    with pytest.raises(OrderError):
        instances.sync(pi.config, pi.said.append, pi.places, refuse)
    assert [order.split()[0] for order in pi.sync()] == ["start"]


def test_a_file_that_changes_meanwhile_is_not_missed(running: Pi):
    """It looks again after it has acted: systemd does not tell it of a change while it runs."""
    running.save("mine")

    def slow(*arguments: str) -> str:
        if arguments[0] == "start":
            running.save("mine", "# meanwhile")
        return running.order(*arguments)

    running.orders.clear()
    instances.sync(running.config, running.said.append, running.places, slow)
    assert running.orders[-1] == "restart --no-block doorbell-handler@mine.service"


def test_mosquitto_is_told_of_a_new_user(running: Pi, monkeypatch: pytest.MonkeyPatch):
    """It gets its own files with users and rights, and reads them before the handler starts."""
    given: list[str] = []
    monkeypatch.setattr(shutil, "chown", lambda path, user: given.append(f"{path.name} {user}"))
    running.places.mosquitto.mkdir()
    running.save("mine")
    assert running.sync()[0] == "try-reload-or-restart mosquitto.service"
    assert given == [".acl.new mosquitto", ".passwd.new mosquitto"]
    assert "user handler-mine\n" in (running.places.mosquitto / "acl").read_text(encoding="utf-8")
    assert (running.places.mosquitto / "passwd").stat().st_mode & 0o077 == 0


def test_a_mosquitto_that_does_not_reload_holds_up_no_handler(
    running: Pi, monkeypatch: pytest.MonkeyPatch
):
    """It is reported, and the handler starts: nothing depends on a broker."""
    monkeypatch.setattr(shutil, "chown", lambda *_: None)
    running.places.mosquitto.mkdir()
    running.save("mine")

    def refuse(*arguments: str) -> str:
        if "mosquitto.service" in arguments:
            raise OrderError("Unit mosquitto.service not found")
        return running.order(*arguments)

    running.orders.clear()
    instances.sync(running.config, running.said.append, running.places, refuse)
    assert running.orders[-1] == "start --no-block doorbell-handler@mine.service"
    assert any("mosquitto.service not found" in line for line in running.said)


def test_units_ask_for_no_password_where_there_is_none(running: Pi):
    """With one user for all, or none, a unit that waits for its own password would not start."""
    paths = [
        running.places.units / f"{unit}.service.d" / "login.conf"
        for unit in ("doorbell-hub", "doorbell-web", "doorbell-handler@")
    ]
    assert not any(path.exists() for path in paths)
    running.config.write_text(
        'handlers_dir = "handlers"\nstate_dir = "state"\n[broker]\nhost = "127.0.0.1"\n'
    )
    assert running.sync()[0] == "daemon-reload"
    assert all(
        path.read_text(encoding="utf-8").endswith("[Service]\nLoadCredential=\n") for path in paths
    )


def test_the_pauses_between_restarts_grow_where_systemd_can(pi: Pi):
    """From 254 on; older ones would warn of an unknown setting."""
    path = pi.places.units / "doorbell-.service.d" / "backoff.conf"
    pi.sync()
    assert not path.exists()
    pi.version = "systemd 257 (257.8-1~deb13u2)"
    pi.save("mine")
    assert pi.sync()[0] == "daemon-reload"
    assert "RestartMaxDelaySec=60" in path.read_text(encoding="utf-8")


def test_the_sandbox_follows_the_settings(running: Pi):
    """Before the units restart with them; what is no longer needed is closed again."""
    path = running.places.units / "doorbell-handler@light.service.d" / "opened.conf"
    running.settings('[handlers.light]\nlamp = "gpio:22"\n')
    assert running.sync()[0] == "daemon-reload"
    assert "DeviceAllow=char-gpiochip rw" in path.read_text(encoding="utf-8")
    running.settings('[handlers.light]\nlamp = "zigbee2mqtt:porch"\n')
    orders = running.sync()
    assert orders[0] == "daemon-reload"
    assert any(order.startswith("restart") and "@light" in order for order in orders)
    assert not path.exists()


def test_a_long_name_has_a_user_of_its_own_too(running: Pi):
    """A user's name has up to 31 letters, and each unit needs one that no other has."""
    names = ("a" * 32, f"{'a' * 31}b", "b" * 26)
    for name in names:
        running.save(name)
    running.sync()
    texts = [
        running.places.units / f"doorbell-handler@{name}.service.d/user.conf" for name in names
    ]
    users = [re.findall(r"^User=(.+)$", path.read_text(), re.MULTILINE)[0] for path in texts[:2]]
    assert len({*users}) == 2
    assert max(map(len, users)) <= 31
    assert not texts[2].exists()


def test_a_hub_of_another_name_gets_its_own_password(running: Pi):
    """Its drop-in names the file before it restarts; the usual name needs none."""
    path = running.places.units / "doorbell-hub.service.d" / "login.conf"
    running.settings("", head='hub = "cabin"\n')
    assert running.sync()[:2] == ["daemon-reload", "restart --no-block doorbell-hub.service"]
    given = "LoadCredential=\nLoadCredential=hub-cabin:/etc/doorbell/broker/passwords/hub-cabin\n"
    assert path.read_text(encoding="utf-8").endswith(given)
    running.settings("")
    running.sync()
    assert not path.exists()


def test_what_was_seen_and_cannot_be_read_is_looked_at_anew(running: Pi):
    """It is only a cache: starting a running unit does nothing."""
    running.places.seen.write_text("{")
    assert [order.split()[0] for order in running.sync()] == ["start"]
    assert json.loads(running.places.seen.read_text())["handlers"].keys() == set(SHIPPED)
