"""Makes HTML of what a view shows, in the language of the reader."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hub.system import language

TEMPLATES = Path(__file__).parent / "templates"
LOCAL = {
    "time": "%H:%M %Z",
    "moment": "%Y-%m-%d %H:%M %Z",
    "until": "%Y-%m-%d %H:%M %Z",
}
GIGABYTE = 1_000_000_000


class Shown(NamedTuple):
    """What a view shows.

    Attributes:
        template: The name of its template.
        title: For the title of the window.
        content: What the template needs.
        status: Of the HTTP response.
    """

    template: str
    title: str
    content: Mapping[str, Any]
    status: int = 200


class Part(NamedTuple):
    """The HTML of a view, without the frame around it.

    Attributes:
        html: The HTML.
        version: Another one where the HTML is another one.
    """

    html: Markup
    version: str


class Renderer:
    """The templates. Everything in them is escaped unless it is marked as HTML."""

    def __init__(self, address_of: Callable[[str], str]) -> None:
        """Load the templates when they are needed.

        Args:
            address_of: The address of an asset by its name.
        """
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            auto_reload=False,
        )
        self._environment.install_gettext_callables(  # type: ignore[attr-defined]
            language.gettext, language.ngettext, newstyle=True
        )
        self._environment.filters |= {"utc": _utc, "local": _local, "size": _size}
        self._environment.globals["asset"] = address_of

    def part(self, shown: Shown, here: str) -> Part:
        """A view without its frame, in the current language.

        Args:
            shown: What it shows.
            here: Its path and query.
        """
        template = self._environment.get_template(shown.template)
        html = template.render(shown.content, base=base_of(here))
        digest = hashlib.sha256(html.encode()).hexdigest()[:12]
        return Part(Markup(html), digest)  # noqa: S704 - the template has escaped it

    def page(self, shown: Shown, here: str, notice: Any = None) -> str:
        """The whole page of a view, in the current language.

        Args:
            shown: What it shows.
            here: Its path and query.
            notice: What became of the reader's last action; None for nothing.
        """
        part = self.part(shown, here)
        return self._environment.get_template("page.html").render(
            part=part.html,
            version=part.version,
            title=shown.title,
            view=shown.content["view"],
            notice=notice,
            here=here,
            base=base_of(here),
            language=language.current(),
        )


def base_of(here: str) -> str:
    """The way from a page back to the root: a proxy may have put a path in front of it."""
    depth = here.partition("?")[0].count("/") - 1
    return "../" * depth or "./"


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _local(time: datetime, style: str) -> str:
    """By this machine's clock, for a reader without script."""
    return time.astimezone().strftime(LOCAL[style])


def _size(size_b: int) -> str:
    return f"{size_b / GIGABYTE:.1f} GB"
