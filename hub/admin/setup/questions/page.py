"""The page: whether there is one, and who can reach it."""

from hub.admin.setup.dialog import NONE, Dialog
from hub.admin.setup.draft import Draft
from hub.admin.setup.target import sudo
from hub.admin.setup.toml_edit import Changes
from hub.process.page_address import LOOPBACKS

HOUSE, HERE = "house", "here"
ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - the user has asked for it
WEB = ("web",)


def ask_page(dialog: Dialog, draft: Draft) -> Changes:
    """Ask for the page. Nothing listens in the house's network unless the user says so here."""
    dialog.explain(
        "On the phone's browser it shows who rings, takes answers, and keeps the visits. Whoever "
        "wants to see it has to log in. Write house to let the phones in this house's network "
        "reach it, here for this machine alone (for a reverse proxy or a VPN on it), or none."
    )
    choice = dialog.choose("Page: house, here or none", _default(draft), (HOUSE, HERE, NONE))
    if choice == NONE:
        return {(*WEB, "page"): False if _is_on(draft) else draft.get(*WEB, "page", kind=bool)}
    dialog.show(f"Log a phone in when it runs: {sudo(draft.path)}doorbell link")
    if draft.get(*WEB, "url") is None:
        dialog.show("Answers in notifications need its address, too: docs/answers.md")
    listen = draft.get(*WEB, "listen")
    if choice == HERE:
        listen = listen if listen in LOOPBACKS else None
    elif listen is None or listen in LOOPBACKS:
        listen = ALL_ADDRESSES
    page = draft.get(*WEB, "page", kind=bool) if _is_on(draft) else True
    return {(*WEB, "page"): page, (*WEB, "listen"): listen}


def _default(draft: Draft) -> str:
    """What is set; a new house gets the page."""
    if draft.is_new:
        return HOUSE
    if not _is_on(draft):
        return NONE
    return HERE if draft.get(*WEB, "listen", default=LOOPBACKS[0]) in LOOPBACKS else HOUSE


def _is_on(draft: Draft) -> bool:
    """Whether an installed machine serves the page with these settings."""
    page = draft.get(*WEB, "page", kind=bool)
    return page is True or (page is None and draft.get(*WEB, "url") is not None)
