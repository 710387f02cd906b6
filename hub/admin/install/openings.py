"""What the settings need beyond the units' sandbox, and so what `sync` opens: no more than that.

A broker, a lamp or Home Assistant on another machine needs its address, a lamp on a relay a GPIO
line, the hub's own chime the sound card, and clips in another folder that folder.
"""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config import Settings
from devices.lamp.described import HomeAssistantSettings
from devices.lamp.names import gpio_pin, take_apart

ALL_UNITS, HUB, LIGHT, RECORD = (
    "doorbell-.service.d",
    "doorbell-hub.service.d",
    "doorbell-handler@light.service.d",
    "doorbell-handler@record.service.d",
)
NAME = "opened.conf"
HEAD = (
    "# Written by `doorbell handlers sync`: what the settings need. docs/systemd.md, Opening it.\n"
)
SERVICE = "[Service]\n"
# A name of the house's own network is looked up there; any other one may lead anywhere.
OF_THE_HOUSE = (".local", ".lan", ".home", ".internal", ".home.arpa", ".fritz.box")
HOUSE_NETWORKS = (
    "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 169.254.0.0/16 fc00::/7 fe80::/10"
)
HERE = ("localhost", "ip6-localhost")


def openings(settings: Settings, optional: Path) -> Iterator[tuple[Path, str]]:
    """The drop-in of each unit that may need one, and its text; empty where it does not.

    Args:
        settings: The settings. The tables of handlers in them are not checked yet.
        optional: The folder with the drop-ins that come with doorbell and open a device.
    """
    light = settings.handlers.get("light", {})
    record = settings.handlers.get("record", {})
    lamps = list(_lamps(light))
    hosts = [address.host for address in settings.broker.addresses]
    yield _drop_in(ALL_UNITS, _networks(hosts))
    plays = settings.chime.speaker not in (None, "simulated")
    yield _drop_in(HUB, [below_head(optional / HUB / "sound.conf")] if plays else [])
    has_relay = any(gpio_pin(lamp) is not None for lamp in lamps)
    gpio = [below_head(optional / LIGHT / "gpio.conf")] if has_relay else []
    yield _drop_in(LIGHT, [*gpio, *_networks(_hosts_of_lamps(light, lamps))])
    yield _drop_in(RECORD, _folder(record.get("folder"), settings.house_dir))


def _drop_in(folder: str, lines: Iterable[str]) -> tuple[Path, str]:
    text = "".join(lines)
    return Path(folder) / NAME, f"{HEAD}{SERVICE}{text}" if text else ""


def below_head(drop_in: Path) -> str:
    """What a drop-in has below `[Service]`."""
    return drop_in.read_text(encoding="utf-8").partition(SERVICE)[2]


def _networks(hosts: list[str]) -> Iterator[str]:
    """The lines that let a unit reach these hosts, names or addresses; none for this machine."""
    for where in dict.fromkeys(map(_network, hosts)):
        if where:
            yield f"IPAddressAllow={where}\n"


def _network(host: str) -> str:
    """What systemd is to allow, so that a host can be reached; empty if it can be already."""
    name = host.lower().rstrip(".")
    if name in HERE:
        return ""
    try:
        address = ip_address(name.partition("%")[0])  # fe80::1%eth0
    except ValueError:
        is_of_the_house = "." not in name or name.endswith(OF_THE_HOUSE)
        return HOUSE_NETWORKS if is_of_the_house else "any"
    return "" if address.is_loopback else str(address)


def _lamps(light: Mapping[str, Any]) -> Iterator[str]:
    """The names of its lamps, wherever they stand."""
    scenes = light.get("scenes", {})
    tables = scenes.values() if isinstance(scenes, Mapping) else ()
    for given in (light.get("lamp"), *(_value(table, "lamps") for table in tables)):
        for name in given if isinstance(given, list) else [given]:
            if isinstance(name, str):
                yield name


def _hosts_of_lamps(light: Mapping[str, Any], lamps: list[str]) -> list[str]:
    """Of the lamps that `light` asks over HTTP, itself or through Home Assistant."""
    names = list(map(take_apart, lamps))
    urls = [name.device for name in names if name.make == "wled" and "://" in name.device]
    if any(name.make == "homeassistant" for name in names):
        default = HomeAssistantSettings.model_fields["url"].default
        urls.append(_value(light.get("homeassistant"), "url") or default)
    return [host for url in urls if (host := _host(url))]


def _host(url: Any) -> str:
    try:
        return urlsplit(str(url)).hostname or ""
    except ValueError:  # not an address: `light` says so
        return ""


def _folder(given: Any, house_dir: Path) -> Iterator[str]:
    """The line that lets `record` write into a folder of another place than the house's."""
    if isinstance(given, str) and given.startswith("/") and given.isprintable():
        folder = Path(given)
        if not folder.is_relative_to(house_dir):
            yield f'ReadWritePaths="-{_escaped(folder)}"\n'


def _escaped(path: Path) -> str:
    """As it stands within quotes (systemd.syntax(7), Quoting; systemd.unit(5), Specifiers)."""
    return str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")


def _value(table: Any, key: str) -> Any:
    return table.get(key) if isinstance(table, Mapping) else None
