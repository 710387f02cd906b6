"""The HTML of login and phones. It works without script and without any other file."""

import html
import re
from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import HTMLResponse

from hub.system.language import gettext as _
from hub.system.language import marked
from hub.web.login.password import LONGEST, SHORTEST
from hub.web.login.register import NAME_LENGTH, Phone
from hub.web.responses import page
from hub.web.responses.responses import link

# Unlike the page of a link: Home Assistant's ingress shows this one in a frame, below its address.
HEADERS = {
    "Content-Security-Policy": page.HEADERS["Content-Security-Policy"].replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'"
    ),
}
# Not in the texts below: before Python 3.12 nobody finds words inside an f-string.
BACK = marked("Back")
FOR_OTHERS = marked("Other phones can log in with it.")
LOG_IN = marked("Log in")
LOG_OUT = marked("Log out")
LOG_OUT_OTHERS = marked("Log out all others")
LOG_THIS_PHONE_IN = marked("Log this phone in")
NAME = marked("Name of this phone")
NEW_PASSWORD = marked("New household password")
NO_PASSWORD = marked("No password is set yet.")
PASSWORD = marked("Household password")
RENAME = marked("Rename")
SET_PASSWORD = marked("Set the password")
PHONE = marked("Phone")
MACHINES = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android.*Mobile", marked("Android phone")),
    (r"Android", marked("Android tablet")),
    (r"Mac OS X|Macintosh", "Mac"),
    (r"Windows", marked("Windows PC")),
    (r"Linux|X11", marked("Linux PC")),
)


def log_in(*, has_password: bool, name: str, fault: str = "", status: int = 200) -> HTMLResponse:
    """Ask for the household password, where there is one."""
    if not has_password:
        content = f"<p>{_(NO_PASSWORD)}</p>{_how()}"
        return _respond(_("Log in"), f"{_alert(fault)}{content}", status)
    form = (
        f'<form method="post"><label>{_(PASSWORD)}'
        '<input type="password" name="password" autocomplete="current-password" required'
        f' maxlength="{LONGEST}" autofocus></label>{_name_field(name)}'
        f"<button>{_(LOG_IN)}</button></form>{_how()}"
    )
    return _respond(_("Log in"), f"{_alert(fault)}{form}", status)


def first_log_in(
    *, has_password: bool, name: str, fault: str = "", status: int = 200
) -> HTMLResponse:
    """What a one-time address shows: a button, and the password if one is to be set."""
    words = _("Set a household password, if you like")
    if has_password:
        words = _("Set another household password, if you like")
    form = (
        f'<form method="post">{_name_field(name)}<button>{_(LOG_THIS_PHONE_IN)}</button>'
        f'<p></p><label>{words}<input type="password" name="new"'
        f' autocomplete="new-password" minlength="{SHORTEST}" maxlength="{LONGEST}"></label>'
        f"</form><p>{_(FOR_OTHERS)}</p>"
    )
    return _respond(_("Log in"), f"{_alert(fault)}{form}", status)


def code_is_gone() -> HTMLResponse:
    """A one-time address that was used, or is too old."""
    words = _("This address was used already, or is older than ten minutes.")
    return _respond(_("Log in"), f"{_alert(words)}{_how()}", HTTPStatus.GONE)


def phones(
    request: Request, found: Iterable[Phone], own: str, *, has_password: bool, fault: str = ""
) -> HTMLResponse:
    """All phones, each with its name to change and a button that logs it out."""
    items = "".join(_item(request, phone, is_own=phone.id == own) for phone in found)
    old = (
        f'<label>{_(PASSWORD)}<input type="password" name="password" required'
        f' autocomplete="current-password" maxlength="{LONGEST}"></label>'
    )
    content = (
        f'{_alert(fault)}<ul>{items}</ul><form method="post" action="{_action(request, "others")}">'
        f'<button class="small bad">{_(LOG_OUT_OTHERS)}</button></form>'
        f'<form method="post" action="{_action(request, "password")}">'
        f"{old if has_password else ''}<label>{_(NEW_PASSWORD)}"
        f'<input type="password" name="new" autocomplete="new-password" required'
        f' minlength="{SHORTEST}" maxlength="{LONGEST}"></label>'
        f'<button class="small">{_(SET_PASSWORD)}</button></form>{_how()}'
        f'<p><a href="{html.escape(link(request, "/"))}">{_(BACK)}</a></p>'
    )
    return _respond(_("Phones"), content, HTTPStatus.BAD_REQUEST if fault else HTTPStatus.OK)


def name_for(request: Request) -> str:
    """What this phone may be called, by what its browser says of itself."""
    agent = request.headers.get("user-agent", "")
    found = (name for pattern, name in MACHINES if re.search(pattern, agent))
    return _(next(found, PHONE))


def _how() -> str:
    """How a phone is logged in from the terminal."""
    words = _("For each phone, %(command)s on the doorbell's machine prints an address.")
    return f"<p>{words % {'command': '<code>doorbell link</code>'}}</p>"


def _item(request: Request, phone: Phone, *, is_own: bool) -> str:
    name = html.escape(phone.name)
    seen = _("this phone")
    if not is_own:
        seen = _("last seen %(day)s") % {"day": _day(phone.seen_s)}
    since = _("since %(day)s") % {"day": _day(phone.since_s)}
    log_out = _("Log out %(phone)s") % {"phone": name}
    rename, revoke = (_action(request, f"{phone.id}/{verb}") for verb in ("name", "revoke"))
    return (
        f'<li><form method="post" action="{rename}"><label>{seen}, {since}'
        f'<input name="name" value="{name}" maxlength="{NAME_LENGTH}" required></label>'
        f'<button class="small">{_(RENAME)}</button></form><form method="post" action="{revoke}">'
        f'<button class="small bad" aria-label="{log_out}">{_(LOG_OUT)}</button></form></li>'
    )


def _name_field(name: str) -> str:
    return (
        f'<label>{_(NAME)}<input name="name" value="{html.escape(name)}"'
        f' maxlength="{NAME_LENGTH}" required></label>'
    )


def _action(request: Request, path: str) -> str:
    return html.escape(link(request, f"/phones/{path}"))


def _alert(fault: str) -> str:
    return f'<p role="alert">{html.escape(_(fault))}</p>' if fault else ""


def _day(unix_s: float) -> str:
    """The day by this machine's local time, as on the other pages."""
    day = datetime.fromtimestamp(unix_s).astimezone().date().isoformat()
    return f'<time datetime="{day}">{day}</time>'


def _respond(title: str, content: str, status: int) -> HTMLResponse:
    return HTMLResponse(page.document(title, content), status, HEADERS)
