"""`doorbell link`: addresses by which devices ring that can only call one."""

import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from config import Settings, SettingsError
from config.section import NAME
from hub.remote.press_links import LinkError, PressLink, PressLinks, links_of
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.terminal.output import complain, say


def link(
    press: Annotated[
        str | None,
        typer.Option("--press", metavar="DOOR", help="Make an address that rings at this door."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="What the link is called; without it, like its door."),
    ] = None,
    revoke: Annotated[
        str | None,
        typer.Option("--revoke", metavar="NAME", help="End a link: its address rings no more."),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Make an address that rings, for a button or intercom that calls one; or list all of them."""
    settings, _ = read_settings(config)
    if settings.web.url is None:
        remedy = "Set it to the address of doorbell-web, as the device reaches it"
        raise SettingsError([f"[web] url is not set: there are no addresses. {remedy}"])
    try:
        _refuse_stranger(settings.state_dir)
        links = links_of(settings)
        if revoke:
            links.revoke(revoke)
            say(f"{revoke}: revoked")
        elif press:
            door = door_named(settings, press)
            say(_address(settings, links, links.make(_checked(name or door), door)))
        else:
            _list(settings, links)
    except (LinkError, OSError) as error:
        complain(f"✗ {error}")
        sys.exit(1)


def _list(settings: Settings, links: PressLinks) -> None:
    found = links.all().values()
    for one in found:
        say(f"{one.name}: rings at {one.door}: {_address(settings, links, one)}")
    if not found:
        say("There are no links. Make one: doorbell link --press front")


def _address(settings: Settings, links: PressLinks, link: PressLink) -> str:
    return f"{settings.web.url}/p/{links.token(link)}"


def _checked(name: str) -> str:
    if not re.fullmatch(NAME, name):
        raise LinkError(f"{name}: no name. Write up to 32 of a-z, 0-9, - and _, a letter first")
    return name


def _refuse_stranger(folder: Path) -> None:
    """What another user writes there, doorbell-web could not read.

    Raises:
        LinkError: the folder belongs to somebody else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        owner = folder.owner()
        raise LinkError(f"{folder} belongs to {owner}. Write: sudo -u {owner} doorbell link …")
