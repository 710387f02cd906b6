"""The sandbox follows the settings: what they need is opened, and nothing else."""

import subprocess
from pathlib import Path

import pytest

from config.reading import sources
from hub.admin.install.drop_ins import OPTIONAL
from hub.admin.install.openings import HOUSE_NETWORKS, NAME, openings

ALL, HUB = "doorbell-.service.d", "doorbell-hub.service.d"
LIGHT, RECORD = "doorbell-handler@light.service.d", "doorbell-handler@record.service.d"


@pytest.fixture
def opened(tmp_path: Path):
    """What settings open: the lines of each drop-in, by its folder."""

    def of(text: str) -> dict[str, list[str]]:
        path = tmp_path / "doorbell.toml"
        path.write_text(f'state_dir = "/var/lib/doorbell"\n{text}', encoding="utf-8")
        found = {}
        for place, drop_in in openings(sources.load(path), OPTIONAL):
            assert place.name == NAME
            if drop_in:
                head, service, *lines = drop_in.splitlines()
                assert head.startswith("# Written by")
                assert service == "[Service]"
                found[str(place.parent)] = [line for line in lines if not line.startswith("#")]
        return found

    return of


@pytest.mark.parametrize(
    "host", ['"localhost"', '"127.0.0.1"', '"[::1]:1884"', '"mqtts://localhost"', '["localhost"]']
)
def test_a_house_with_everything_on_this_machine_opens_nothing(opened, host: str):
    lamps = '[handlers.light]\nlamp = "zigbee2mqtt:porch"\n'
    here = '[handlers.record]\nfolder = "/var/lib/doorbell/clips"\n'
    assert opened(f"[broker]\nhost = {host}\n{lamps}{here}[chime]\nrelay = 5\n") == {}


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ('"192.168.1.5"', ["192.168.1.5"]),
        ('"mqtts://[2001:db8::5]:8884"', ["2001:db8::5"]),
        ('"homeassistant.local"', [HOUSE_NETWORKS]),
        ('"nas"', [HOUSE_NETWORKS]),
        ('"wss://broker.example.org/mqtt"', ["any"]),
        ('["localhost", "10.0.0.7", "10.0.0.8", "10.0.0.7"]', ["10.0.0.7", "10.0.0.8"]),
    ],
)
def test_a_broker_elsewhere_is_allowed_for_every_unit(opened, host: str, allowed: list[str]):
    assert opened(f"[broker]\nhost = {host}\n") == {
        ALL: [f"IPAddressAllow={one}" for one in allowed]
    }


def test_lamps_open_what_they_need_for_light_alone(opened):
    relay = opened('[handlers.light]\nlamp = "gpio:22"\n')
    assert list(relay) == [LIGHT]
    assert "DeviceAllow=char-gpiochip rw" in relay[LIGHT]
    account = '[handlers.light.homeassistant]\nurl = "http://192.168.1.9:8123"\ntoken = "x"\n'
    through = opened(f'[handlers.light]\nlamp = "homeassistant:light.porch"\n{account}')
    assert through == {LIGHT: ["IPAddressAllow=192.168.1.9"]}
    assert opened(f'[handlers.light]\nlamp = "simulated"\n{account}') == {}
    scene = '[handlers.light.scenes.front]\nlamps = ["wled:http://10.0.0.3", "gpio:22"]\n'
    both = opened(f'[handlers.light]\nlamp = "zigbee2mqtt:porch"\n{scene}')
    assert {"IPAddressAllow=10.0.0.3", "SupplementaryGroups=gpio"} <= set(both[LIGHT])


def test_the_hubs_own_chime_opens_the_sound_card(opened):
    assert "DeviceAllow=char-alsa rw" in opened('[chime]\nspeaker = "default"\n')[HUB]
    assert opened('[chime]\nspeaker = "simulated"\n') == {}


def test_clips_elsewhere_open_that_folder(opened):
    """However it is called: systemd reads quotes, backslashes and percent signs in its own way."""
    given = r"""folder = '/srv/50% "mine" \x'
"""
    assert opened(f"[handlers.record]\n{given}") == {
        RECORD: [r'ReadWritePaths="-/srv/50%% \"mine\" \\x"']
    }
    assert opened('[handlers.record]\nfolder = "/srv/x\\nExecStartPre=/bin/sh"\n') == {}


@pytest.mark.parametrize(
    "faulty",
    [
        "lamp = 5",
        "lamp = ['gpio:22']",
        "scenes = 'x'",
        "scenes.front = 1",
        "scenes.front.lamps = 'gpio:22'",
        "lamp = 'wled:http://[x'",
        "homeassistant = 'x'\nlamp = 'homeassistant:light.x'",
    ],
)
def test_what_is_not_checked_yet_stops_nothing(opened, faulty: str):
    opened(f"[handlers.light]\n{faulty}\n[handlers.record]\nfolder = 7\n")


def test_systemd_understands_them(opened, tmp_path: Path, needed):
    """Each line of each, in a unit."""
    analyze = needed("systemd-analyze", "systemd-analyze")
    found = opened(
        """[broker]
host = ["192.168.1.5", "nas"]
[chime]
speaker = "default"
[handlers.light]
lamp = "gpio:22"
[handlers.record]
folder = '/srv/50% "mine"'
"""
    )
    assert set(found) == {ALL, HUB, LIGHT, RECORD}
    for folder, lines in found.items():
        unit = tmp_path / f"{folder.partition('.')[0].replace('@', '-').strip('-')}.service"
        unit.write_text("\n".join(["[Service]", "ExecStart=/bin/true", *lines]), encoding="utf-8")
        done = subprocess.run(
            [analyze, "verify", "--man=no", unit], capture_output=True, check=False, text=True
        )
        assert done.stdout + done.stderr == ""
