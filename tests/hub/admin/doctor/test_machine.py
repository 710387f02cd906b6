"""The doctor's look at the machine: clock, disk, permissions, versions."""

import os
import stat
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from config import Settings
from config.model import Broker, House, Quiet
from config.reading import sources
from devices.machine import Finding, disk
from hub.admin.doctor import versions as doctor_versions
from hub.admin.doctor.broker import Seen
from hub.admin.doctor.context import Context
from hub.admin.doctor.files import permissions as doctor_permissions
from hub.admin.doctor.hardware import machine as doctor_machine
from hub.admin.security import credentials_folder
from hub.system.clock import Clock
from hub.wire.retained.quiet import QuietState

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
STRANGER = 65_533


class Unset(Clock):
    """No time server has set it."""

    def is_synchronised(self) -> bool:
        return False


class Set(Clock):
    """One has."""

    def is_synchronised(self) -> bool:
        return True


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A house in Berlin, on a machine of its own."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    house = House(latitude=52.52, longitude=13.40)
    settings = Settings(state_dir=tmp_path / "state", handlers_dir=tmp_path / "none", house=house)
    return Context(sources.DEMO, settings, root=root)


def told(looked: Iterable[Finding]) -> list[tuple[str, str]]:
    return [(one.state, one.found) for one in looked]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch):
    """This process lives there."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    import time as clocks  # noqa: PLC0415

    clocks.tzset()
    yield
    monkeypatch.undo()
    clocks.tzset()


@pytest.mark.usefixtures("berlin")
def test_a_clock_that_is_right(context: Context):
    """The zone fits the place, and the sun's times are those of the house."""
    assert told(doctor_machine.clock(context, Set(), NOON)) == [
        ("ok", "2026-11-23 12:00:00, set by a time server"),
        ("ok", "time zone Europe/Berlin (CET, UTC+01:00)"),
        ("ok", "sunrise at 07:41, sunset at 16:03"),
        ("ok", "no quiet hours now"),
    ]


@pytest.mark.usefixtures("berlin")
def test_a_clock_that_nobody_has_set(context: Context):
    """A warning; a year before this program was written is a problem."""
    assert told(doctor_machine.clock(context, Unset(), NOON))[0][0] == "warning"
    for clock in (Set(), Unset()):
        assert (
            told(doctor_machine.clock(context, clock, datetime(2016, 1, 1, tzinfo=UTC)))[0][0]
            == "problem"
        )


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    ("longitude", "state"), [(13.4, "ok"), (-8.5, "ok"), (-73.9, "warning"), (121.5, "warning")]
)
def test_the_zone_and_the_place_fit_together(context: Context, longitude: float, state: str):
    """A forgotten minus sign, or the card's first zone; but not Spain, which has Berlin's time."""
    house = House(latitude=42, longitude=longitude)
    context.given = context.settings.model_copy(update={"house": house})
    assert told(doctor_machine.clock(context, Set(), NOON))[1][0] == state


def test_no_zone_at_all(context: Context, monkeypatch: pytest.MonkeyPatch):
    """Then quiet hours are in UTC, which is not what people expect."""
    monkeypatch.delenv("TZ", raising=False)
    (context.root / "etc/localtime").unlink()
    assert told(doctor_machine.clock(context, Set(), NOON))[1] == (
        "warning",
        "no time zone is set: quiet hours are in UTC",
    )


@pytest.mark.usefixtures("berlin")
def test_what_is_quiet_now(context: Context):
    """By the settings, unless the hub publishes another state."""
    quiet = Quiet(begin=time(11), end=time(13))
    context.given = context.settings.model_copy(update={"quiet": quiet, "house": House()})
    found = told(doctor_machine.clock(context, Set(), NOON))
    assert found[2] == ("skipped", "sunrise and sunset: no latitude and longitude in [house]")
    assert found[3] == ("ok", "quiet hours until 13:00")
    context.seen = Seen("5.0", quiet={"home": QuietState(quiet=False, why="command")})
    assert told(doctor_machine.clock(context, Set(), NOON))[3] == ("ok", "not quiet by command")


def test_the_clock_of_this_machine(context: Context):
    """Whatever its state is, it is shown."""
    assert len(told(doctor_machine.clock(context))) == 4


def test_one_disk_is_told_once(context: Context):
    """Clips and journals on one file system are one line, and the card's wear another."""
    found = told(doctor_machine.disk(context))
    assert len(found) == 2
    assert str(context.settings.state_dir) in found[0][1]
    media = context.settings.state_dir / "media"
    media.mkdir(parents=True)
    (media / "clip.mp4").write_bytes(bytes(100_000))
    assert "at the pace of the last week" in told(doctor_machine.disk(context))[0][1]


@pytest.mark.parametrize(
    ("lasts_days", "words"), [(100, " d at the pace of"), (5000, "enough for years at the pace of")]
)
def test_how_long_the_room_lasts_is_told_no_finer_than_it_is_known(tmp_path, lasts_days, words):
    """The pace of one week does not say on which day in forty years a disk is full."""
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    found = next(disk.space(tmp_path, grows_by=free / (lasts_days * disk.DAY_S)))
    assert words in found.found


def secrets(context: Context, folder: Path) -> Context:
    """Passwords as `doorbell secure` leaves them, and a settings file."""
    passwords = folder / "broker" / "passwords"
    passwords.mkdir(parents=True, mode=0o755)
    for path in (passwords / "cli", folder / "broker" / "ca.key", folder / "doorbell.toml"):
        path.write_text("hunter2\n")
        path.chmod(0o640)
    context.given = context.settings.model_copy(
        update={"broker": Broker(host="b", password_dir=passwords)}
    )
    context.path = folder / "doorbell.toml"
    return context


def test_secrets_that_are_kept(context: Context, open_folder: Path):
    """One line, with no secret in it."""
    found = told(doctor_permissions.permissions(secrets(context, open_folder)))
    assert found[0][0] == "ok"
    assert "closed to other users" in found[0][1]
    assert "hunter2" not in str(found)


def test_an_access_control_list_of_an_earlier_version_is_named(context: Context, tmp_path: Path):
    """What it lacks, and what brings it up to date; after that there is nothing to say."""
    folder = tmp_path / "broker"
    broker = Broker(host="b", password_dir=folder / "passwords")
    context.given = context.settings.model_copy(update={"broker": broker})
    credentials_folder.write(context.settings, folder, (), ())
    now = folder / "mosquitto" / "acl"
    now.write_text(now.read_text().replace("topic write homeassistant/device/+/config\n", ""))
    lacks = f"{now} lacks 1 right, such as hub-home: topic write homeassistant/device/+/config"
    assert ("warning", lacks) in [one[:2] for one in doctor_permissions.permissions(context)]
    credentials_folder.write(context.settings, folder, (), ())
    assert not [one for one in doctor_permissions.permissions(context) if "lacks" in one.found]


def test_rights_of_ones_own_that_mosquitto_cannot_read_are_a_problem(
    context: Context, tmp_path: Path
):
    """The broker goes on with the list before, until they are mended."""
    folder = tmp_path / "broker"
    broker = Broker(host="b", password_dir=folder / "passwords")
    context.given = context.settings.model_copy(update={"broker": broker})
    credentials_folder.write(context.settings, folder, (), ())
    (folder / "acl.own").write_text("user mine\ntopc read x\n")
    (found,) = [one for one in doctor_permissions.permissions(context) if "acl.own" in one.found]
    assert found.state == "problem"
    assert found.found.startswith(f"{folder}/acl.own: line 2: 'topc': ")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that everybody can enter, as /etc is: pytest's own are closed, and workers share them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if not all(path.stat().st_mode & stat.S_IXOTH for path in folder.parents):
            pytest.skip("the system's folder for temporary files is closed")
        yield folder


@pytest.mark.parametrize(
    ("name", "mode", "state"),
    [
        ("broker/passwords/cli", 0o644, "problem"),
        ("broker/ca.key", 0o604, "problem"),
        ("doorbell.toml", 0o644, "warning"),
        ("doorbell.toml", 0o646, "problem"),
    ],
)
def test_secrets_that_everybody_can_read(
    context: Context, open_folder: Path, name: str, mode: int, state: str
):
    """Each has the command that closes it; a closed folder above is enough, too."""
    secrets(context, open_folder)
    path = open_folder / name
    path.chmod(mode)
    first = next(iter(doctor_permissions.permissions(context)))
    assert (first.state, first.mend) == (state, f"sudo chmod o= {path}")
    open_folder.chmod(0o700)
    assert next(iter(doctor_permissions.permissions(context))).state == "ok"


def test_a_file_of_somebody_else(context: Context):
    """`sudo doorbell run` leaves such a file; the unit can no longer write it."""
    if os.geteuid():
        pytest.skip("only root can give a file away")
    folder = context.settings.state_dir
    folder.mkdir(mode=0o750)
    (folder / "hub-home.db").touch()
    assert told(doctor_permissions.permissions(context))[1] == (
        "ok",
        f"{folder} and its content belong to root",
    )
    os.chown(folder / "hub-home.db", STRANGER, -1)
    found = list(doctor_permissions.permissions(context))[1]
    assert (found.state, found.mend) == ("problem", f"sudo chown -R root: {folder}")
    assert f"hub-home.db belongs to {STRANGER}, and its folder to root" in found.found


def test_a_state_folder_for_everybody(context: Context, open_folder: Path):
    """Presses are private."""
    folder = open_folder / "state"
    folder.mkdir()
    folder.chmod(0o755)
    context.given = context.settings.model_copy(update={"state_dir": folder})
    assert list(doctor_permissions.permissions(context))[1][::2] == (
        "warning",
        f"sudo chmod o= {folder}",
    )


def test_versions_of_this_machine(context: Context):
    """Ours and Python's first; packages that are not installed are named as such."""
    found = told(doctor_versions.versions(context))
    assert found[0][1].startswith("doorbell ")
    assert "paho-mqtt 2" in found[1][1]
    (context.root / "proc/device-tree").mkdir(parents=True)
    (context.root / "proc/device-tree/model").write_text("Raspberry Pi 5 Model B Rev 1.0\0")
    assert told(doctor_versions.versions(context))[-1][1].startswith(
        "Raspberry Pi 5 Model B Rev 1.0; "
    )
