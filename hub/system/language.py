"""In which language a person reads: the words of the catalogue, and the browser's wish."""

import gettext as catalogues
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from devices import words

FOLDER = Path(__file__).parent.parent / "locale"
DOMAIN = "doorbell"
SOURCE = words.ENGLISH
_current: ContextVar[str] = ContextVar("language", default=SOURCE)


def current() -> str:
    """The language of this request, as in `<html lang>`."""
    return _current.get()


@contextmanager
def use(language: str) -> Iterator[None]:
    """Speak this language in this thread meanwhile."""
    before = _current.set(language)
    try:
        yield
    finally:
        _current.reset(before)


def gettext(words: str) -> str:
    """These words in the current language; as they are where the catalogue has none."""
    return _catalogue(current()).gettext(words)


def marked(words: str) -> str:
    """Marks words for the catalogue, which are translated where they are shown."""
    return words


def ngettext(one: str, many: str, number: int) -> str:
    """The words for so many."""
    return _catalogue(current()).ngettext(one, many, number)


def speak(language: str) -> None:
    """Have the devices of this process speak this language: the one of the house."""
    words.speak(language, _catalogue(language))


@cache
def known() -> tuple[str, ...]:
    """The languages that there are: English, and one for each folder of the catalogue."""
    return (SOURCE, *sorted(path.parent.parent.name for path in FOLDER.glob("*/*/*.mo")))


def wished(accept: str) -> str:
    """The first language of an Accept-Language header that there is (RFC 9110, 12.5.4)."""
    wishes: list[tuple[float, str]] = []
    for wish in accept.split(","):
        name, _, weight = wish.partition(";")
        language = name.strip().partition("-")[0].lower()
        wishes.append((_weight(weight), language))
    wishes.sort(key=lambda wish: -wish[0])
    languages = known()
    return next((name for weight, name in wishes if weight and name in languages), SOURCE)


def _weight(text: str) -> float:
    try:
        return float(text.strip().removeprefix("q=") or 1)
    except ValueError:
        return 0.0


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    return catalogues.translation(DOMAIN, FOLDER, [language], fallback=True)
