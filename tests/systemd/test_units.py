"""The units: in order, closed to what they need not, and each exception told."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from config.reading.sources import load
from hub.plugin import loader
from tests.house import ROOT

UNITS = ROOT / "systemd"
DOCUMENT = (ROOT / "docs" / "systemd.md").read_text(encoding="utf-8")
MINE = "doorbell-handler@mine"
SERVICES = ("doorbell-hub", "doorbell-web", "doorbell-handlers", "doorbell-handlers-again", MINE)
HANDLERS = tuple(f"doorbell-handler@{path.stem}" for path in sorted(loader.SHIPPED.glob("*.py")))
MOST = 2.0


def _analyze(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def _exposure(folder: Path, service: str) -> float:
    said = _analyze(folder, "security", "--offline=true", f"{service}.service")
    found = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert found, said
    return float(found[1])


def test_systemd_finds_nothing_to_complain_of(
    units: Callable[..., Path], needed: Callable[..., str]
):
    """`systemd-analyze verify` prints nothing about any unit with its drop-ins."""
    needed("systemd-analyze", "systemd")
    folder = units()
    names = [
        *(f"{name}.service" for name in (*SERVICES, *HANDLERS)),
        "doorbell.target",
        "doorbell-handlers.path",
    ]
    assert _analyze(folder, "verify", "--man=no", *names) == ""


def test_the_settings_know_every_variable_of_a_unit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Else its process ends at once, with 78: a variable that nobody knows is a typing error."""
    texts = [path.read_text(encoding="utf-8") for path in UNITS.rglob("*") if path.is_file()]
    found = {
        name
        for text in texts
        for name in re.findall(r"^Environment=(DOORBELL_\w+)", text, re.MULTILINE)
    }
    assert {"DOORBELL_LIVE", "DOORBELL_TALK", "DOORBELL_OWN_FOLDER"} <= found
    file = tmp_path / "doorbell.toml"
    file.write_text('[doors.front]\nname = "Front door"\n', encoding="utf-8")
    own = {"DOORBELL_CONFIG": str(file), "DOORBELL_OWN_FOLDER": "hub"}
    for name in found:
        monkeypatch.setenv(name, own.get(name, str(tmp_path)))
    assert load(file).doors


@pytest.mark.parametrize("service", [*SERVICES, *HANDLERS])
def test_every_unit_is_closed(service: str, units: Callable[..., Path], needed: Callable[..., str]):
    """Its exposure is at most 2.0, with optional drop-ins as well, and is in the document."""
    needed("systemd-analyze", "systemd")
    exposure = _exposure(units(), service)
    assert _exposure(units(optional=True), service) <= MOST
    shown = service.replace("@mine", "@NAME")
    told = re.search(rf"^\| `{shown}` \|.*\| ([\d.]+) \|$", DOCUMENT, re.MULTILINE)
    assert told, f"{shown}: {exposure}"
    assert float(told[1]) == pytest.approx(
        exposure, abs=0.3
    )  # other versions of systemd weigh a little differently


@pytest.mark.parametrize(
    "path", sorted(UNITS.rglob("*.conf")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_every_drop_in_says_what_it_is_for(path: Path):
    """Its first line is a comment, and its unit exists."""
    assert path.read_text(encoding="utf-8").startswith("# ")
    unit = path.parent.name.removesuffix(".d")
    handlers = {f"doorbell-handler@{file.stem}.service" for file in loader.SHIPPED.glob("*.py")}
    ours = {"doorbell-.service", "doorbell-hub.service", "doorbell-web.service"}
    assert unit in ours | handlers


@pytest.mark.parametrize("path", sorted(UNITS.glob("*.service")), ids=lambda path: path.name)
def test_no_unit_needs_the_broker(path: Path):
    """It starts after mosquitto if both start, but does not require it."""
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^After=.*mosquitto\.service", text, re.MULTILINE)
    assert not re.search(r"^(Requires|Wants|BindsTo|Requisite)=", text, re.MULTILINE)


@pytest.mark.parametrize("name", ["doorbell-hub", "doorbell-handler@", "doorbell-web"])
def test_a_process_is_watched_and_started_again(name: str):
    """Readiness, watchdog, restarts except after faulty settings, and only its own password."""
    text = (UNITS / f"{name}.service").read_text(encoding="utf-8")
    for line in (
        "Type=notify",
        "TimeoutStartSec=15min",
        "WatchdogSec=30",
        "Restart=on-failure",
        "RestartPreventExitStatus=78",
    ):
        assert f"\n{line}\n" in text
    assert "\nStartLimitIntervalSec=0\n" in text
    assert len(re.findall(r"^LoadCredential=", text, re.MULTILINE)) == 1


@pytest.mark.parametrize(
    ("device", "allowed"),
    [
        ("char-gpiochip", {"doorbell-hub.service"}),
        ("char-video4linux", {"doorbell-handler@record.service.d/camera.conf"}),
        (
            "char-alsa",
            {f"doorbell-handler@{one}.service.d/sound.conf" for one in ("bark", "speak", "talk")},
        ),
    ],
)
def test_a_device_is_seen_by_whom_it_concerns_alone(
    device: str, allowed: set[str], units: Callable[..., Path]
):
    """GPIO lines: the hub only; cameras: `record`; sound card: the handlers with sound."""
    folder = units()
    seen = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and f"\nDeviceAllow={device} " in path.read_text(encoding="utf-8")
    }
    assert seen == allowed


def test_no_handler_but_talk_gets_at_a_doors_microphone(units: Callable[..., Path]):
    """Its socket is in a group of its own and the page's, and not in that of all handlers."""
    folder = units(optional=True)
    named = {
        path.relative_to(folder).as_posix(): re.findall(r"^(\w*Group\w*=.*)", text, re.MULTILINE)
        for path in folder.rglob("*")
        if path.is_file() and "Group" in (text := path.read_text(encoding="utf-8"))
    }
    talk = named.pop("doorbell-handler@talk.service.d/sound.conf")
    assert "Group=doorbell-talk" in talk
    assert "SupplementaryGroups=doorbell-talk" in named.pop("doorbell-web.service")
    assert not any("talk" in group for groups in named.values() for group in groups)


PARTS = {
    "doorbell-hub": ("doorbell-hub", "hub"),
    "doorbell-web": ("doorbell-web", "web"),
    "doorbell-handler@": ("door-%i", "handlers/%i"),
}


@pytest.mark.parametrize("name", PARTS)
def test_a_process_has_a_user_and_a_state_folder_of_its_own(name: str):
    """Nobody else gets into the folder, and the process knows which one it is."""
    user, part = PARTS[name]
    text = (UNITS / f"{name}.service").read_text(encoding="utf-8")
    for line in (
        "DynamicUser=yes",
        f"User={user}",
        "Group=doorbell",
        f"StateDirectory=doorbell/{part}",
        "StateDirectoryMode=0700",
        f"Environment=DOORBELL_OWN_FOLDER={part}",
    ):
        assert f"\n{line}\n" in text


def test_only_record_writes_clips_and_only_it_has_the_user_that_owns_them(
    units: Callable[..., Path],
):
    """A drop-in that gave another unit that user would give it the clips, too."""
    folder = units(optional=True)
    for words in ("DynamicUser=no", "User=doorbell", "ReadWritePaths=-/var/lib/doorbell/media"):
        having = [
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and f"\n{words}\n" in path.read_text(encoding="utf-8")
        ]
        assert having == ["doorbell-handler@record.service.d/camera.conf"]


def test_the_key_of_the_house_is_handed_to_those_who_sign_and_verify(units: Callable[..., Path]):
    """In drop-ins that come after login.conf, which replaces the list of credentials."""
    folder = units(optional=True)
    having = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "\nLoadCredential=answers.key:" in path.read_text(encoding="utf-8")
    }
    assert having == {
        f"{unit}.service.d/secrets.conf" for unit in ("doorbell-handler@notify", "doorbell-web")
    }
    assert min(Path(path).name for path in having) > "login.conf"
