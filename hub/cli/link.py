"""`doorbell link`: addresses that log a phone in, and addresses that ring."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from config import Settings, SettingsError
from config.faults import suggest
from config.section import NAME
from hub.process.page_address import is_for_this_machine, page_address, running_port
from hub.remote.press_links import LinkError, PressLink, PressLinks, as_page
from hub.terminal.options import ConfigOption, door_named, read_settings
from hub.terminal.output import Console, complain, say
from hub.terminal.qr_code import print_qr_code
from hub.web.login import password as passwords
from hub.web.login.register import Register


def link(
    *,
    press: Annotated[
        str | None,
        typer.Option("--press", metavar="DOOR", help="Make an address that rings at this door."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", help="What that link is called; without it, like its door."),
    ] = None,
    list_all: Annotated[
        bool, typer.Option("--list", help="List the phones that are logged in, and the links.")
    ] = False,
    revoke: Annotated[
        str | None,
        typer.Option("--revoke", metavar="NAME", help="Log out the phone, or end the link."),
    ] = None,
    password: Annotated[
        bool, typer.Option("--password", help="Set the household password; it asks twice.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Log a phone in: print an address that works once, for ten minutes.

    With --press make an address that rings, for a button or intercom that calls one.
    """
    _refuse_mixture(
        {"--list": list_all, "--revoke": revoke, "--press": press, "--password": password}, name
    )
    settings, _ = read_settings(config)
    try:
        _refuse_stranger(settings.house_dir)
        with as_page(settings) as (pages, links):
            if list_all:
                _list(pages, links)
            elif revoke is not None:
                _revoke(pages, links, revoke)
            elif press is not None:
                _make_press_link(pages, links, press, name)
            elif password:
                _set_password(pages)
            else:
                _make_login(pages)
    except (LinkError, OSError) as error:
        complain(f"✗ {error}")
        sys.exit(1)


def _refuse_mixture(asked: Mapping[str, str | bool | None], name: str | None) -> None:
    """One of them would be done, and the others not. An empty name is one that a script lost.

    Raises:
        typer.BadParameter: more than one thing is asked for, or an empty one.
    """
    given = [option for option, value in asked.items() if value not in (None, False)]
    if len(given) > 1:
        raise typer.BadParameter(f"{' and '.join(given)} do not go together. Give one of them")
    if empty := [option for option, value in {**asked, "--name": name}.items() if value == ""]:
        raise typer.BadParameter(f"{empty[0]} is empty. Write a name behind it")
    if name is not None and asked["--press"] is None:
        raise typer.BadParameter("--name goes with --press")


def _make_login(settings: Settings) -> None:
    if not settings.web.is_wanted and running_port(settings) is None:
        remedy = "Set [web] page = true, or start `doorbell run`"
        raise SettingsError([f"the page is not running here. {remedy}"])
    if settings.web.page is False:
        raise SettingsError(["[web] page is false: there is no page. Remove it, or set it to true"])
    address = f"{page_address(settings)}/login/{Register(settings.state_dir).make_code()}"
    if sys.stdout.isatty():
        print_qr_code(address, Console())
        say("Open this address on the phone. It works once, for ten minutes:")
    say(address)
    if is_for_this_machine(settings):
        remedy = 'Set [web] listen = "0.0.0.0" to let the network of the house in'
        complain(f"Only this machine can open it. {remedy}: docs/login.md")


def _set_password(settings: Settings) -> None:
    given = typer.prompt("New household password", hide_input=True, confirmation_prompt=True)
    if fault := passwords.fault_in(given):
        raise LinkError(f"nothing was changed. {fault}")
    Register(settings.state_dir).set_password(passwords.hash_of(given))
    say("The household password is set. Phones that are logged in stay so")


def _make_press_link(settings: Settings, links: PressLinks, press: str, name: str | None) -> None:
    door = door_named(settings, press)
    if settings.web.url is None:
        remedy = "Set it to the address of the page, as the device reaches it"
        raise SettingsError([f"[web] url is not set, so no device can call the page. {remedy}"])
    say(_address(settings, links, links.make(_checked(name or door), door)))


def _list(settings: Settings, links: PressLinks) -> None:
    phones = Register(settings.state_dir).phones()
    for phone in phones:
        say(f"{phone.name}: a phone that is logged in")
    found = links.all().values()
    for one in found:
        say(f"{one.name}: rings at {one.door}: {_address(settings, links, one)}")
    if not phones:
        say("No phone is logged in. Log one in: doorbell link")
    if not found:
        say("There are no links. Make one: doorbell link --press front")


def _revoke(settings: Settings, links: PressLinks, name: str) -> None:
    """Log out the phone of this name; else end the link that has it."""
    register = Register(settings.state_dir)
    ids = [phone.id for phone in register.phones() if phone.name == name]
    if ids and name in links.all():
        raise LinkError(f"{name} is a phone and a link. Give the phone another name at /phones")
    if ids:
        register.revoke(*ids)
        say(f"{name}: logged out")
        return
    if name not in links.all():
        phones = [phone.name for phone in register.phones()]
        hint = suggest(name, [*phones, *links.all()]) or " There are none."
        raise LinkError(f"{name}: no phone and no link has this name.{hint}")
    links.revoke(name)
    say(f"{name}: revoked")


def _address(settings: Settings, links: PressLinks, link: PressLink) -> str:
    return f"{page_address(settings)}/p/{links.token(link)}"


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
    if os.geteuid() not in (0, folder.stat().st_uid):  # root acts as the owner
        owner = folder.owner()
        sudo = "sudo" if owner == "root" else f"sudo -u {owner}"
        raise LinkError(f"{folder} belongs to {owner}. Write: {sudo} doorbell link …")
