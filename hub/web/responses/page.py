"""The plain pages, legible on a phone in the dark: answer links, login, phones, errors."""

import base64
import hashlib
import html
from collections.abc import Mapping
from typing import NamedTuple

from hub.system import language
from hub.web.responses import headers

STYLE = """
:root { color-scheme: light dark; --ground: #f3efe6; --field: #fffdf8; --raised: #ece6d9;
  --edge: #7d7565; --text: #16211b; --link: #1c6b3c; --red: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ground: #0c120f; --field: #151e19;
  --raised: #202c26; --edge: #6f8a7b; --text: #eaf1ec; --link: #7fd6a0; --red: #ff9d8f } }
body { font: 1.15rem/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid;
  place-items: center; background: var(--ground); color: var(--text) }
a { color: var(--link) }
main { width: min(26rem, 100% - 3rem); text-align: center; padding: 2rem 0 }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem }
p { margin: .5rem 0 1.75rem; opacity: .8; overflow-wrap: anywhere }
button { font: inherit; font-size: 1.3rem; font-weight: 600; width: 100%; min-height: 4rem;
  padding: 1rem; border: 0; border-radius: 1rem; background: #1c6b3c; color: #fff }
button:focus-visible, input:focus-visible, a:focus-visible { outline: .2rem solid;
  outline-offset: .2rem }
label { display: block; text-align: start; margin: 0 0 1.25rem }
input { font: inherit; box-sizing: border-box; width: 100%; min-height: 3rem; padding: .5rem .75rem;
  border: .1rem solid var(--edge); border-radius: .75rem; background: var(--field);
  color: var(--text) }
ul { list-style: none; padding: 0; margin: 0 0 2rem }
li { border-top: .1rem solid var(--edge); padding: 1rem 0 }
ul + form { margin: 0 0 2.5rem }
.small { font-size: 1rem; min-height: 3rem; padding: .5rem; margin-top: .5rem;
  background: var(--raised); color: var(--text); border: .1rem solid var(--edge) }
.bad { background: transparent; color: var(--red); border-color: var(--red) }
[role=alert] { opacity: 1; font-weight: 600 }
"""
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
# All of them: a page of our own fault passes no middleware.
HEADERS: Mapping[str, str] = {
    **headers.HEADERS,
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # the link is a key: no other site may read it
    "X-Frame-Options": "DENY",
}


class Page(NamedTuple):
    """What is shown.

    Attributes:
        title: In large letters.
        text: A sentence under it.
        button: What the button says; no button when empty.
    """

    title: str
    text: str
    button: str = ""


def render(page: Page) -> str:
    """The HTML. Its form posts to its own address, whatever path a proxy has put in front."""
    title, text, button = (html.escape(one) for one in page)
    form = f'<form method="post"><button>{button}</button></form>' if button else ""
    return document(title, f"<p>{text}</p>{form}")


def document(title: str, content: str) -> str:
    """A whole page of a title and what stands below it, both as HTML."""
    return (
        f'<!doctype html><html lang="{language.current()}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{title}</h1>{content}</main></body></html>\n"
    )
