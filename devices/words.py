"""What people read and hear, in the language of the house. The hub brings the catalogue."""

from gettext import NullTranslations

ENGLISH = "en"  # the language of the words in the code


class _Spoken:
    """The language of this process."""

    language = ENGLISH
    catalogue = NullTranslations()


def speak(language: str, catalogue: NullTranslations) -> None:
    """Use this catalogue in this process from now on."""
    _Spoken.language = language
    _Spoken.catalogue = catalogue


def language() -> str:
    """The language of the house, like `de`."""
    return _Spoken.language


def marked(words: str) -> str:
    """Marks words for the catalogue, which are translated where they are shown."""
    return words


def gettext(words: str) -> str:
    """These words in the language of the house; as they are where the catalogue has none."""
    return _Spoken.catalogue.gettext(words)


def ngettext(one: str, many: str, number: int) -> str:
    """The words for so many, in the language of the house."""
    return _Spoken.catalogue.ngettext(one, many, number)
