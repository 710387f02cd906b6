"""In which language a person reads, and whether each catalogue is whole."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from devices import words
from devices.phone.messenger.texts import Texts
from devices.speaker import VisitorVoiceSettings
from hub.plugin.house.answer_links import LABELS
from hub.system import language
from tests.house import ROOT

CATALOGUES = sorted(language.FOLDER.glob("*/LC_MESSAGES/doorbell.po"))
BABEL = [sys.executable, "-m", "babel.messages.frontend", "--quiet"]
PLACES = re.compile(r"%\(\w+\)s")
SENTENCE = re.compile(r"[A-Z][a-z]+ \w+")


@pytest.fixture(scope="module")
def collected(tmp_path_factory) -> Catalog:
    """All words in the code and in the templates that people read or hear."""
    path = tmp_path_factory.mktemp("words") / "doorbell.pot"
    command = [
        *BABEL,
        "extract",
        "--keyword=marked",
        "--mapping=.ci/words.ini",
        f"--output={path}",
        "hub",
        "devices",
    ]
    subprocess.run(command, cwd=ROOT, check=True)
    with path.open("rb") as file:
        return read_po(file)


@pytest.fixture
def german():
    """A process of a house that speaks German."""
    language.speak("de")
    yield
    words.speak(words.ENGLISH, NullTranslations())


def catalogue_of(path: Path) -> Catalog:
    """A catalogue as people write it."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_every_word_has_a_translation(path, collected):
    """`.ci/words` collects new ones; a person translates them."""
    known = {message.id: message for message in catalogue_of(path)}
    wanted = [message.id for message in collected if message.id]
    assert [one for one in wanted if one not in known] == [], "run .ci/words"
    assert [one for one in wanted if not all(_forms(known[one].string))] == []
    assert [one for one in known if one and one not in wanted] == [], "run .ci/words"


def test_no_sentence_of_the_page_is_left_out(collected):
    """What a refusal says, and the sentences that a module of the page has as constants."""
    marked = {message.id for message in collected}
    for path in (ROOT / "hub" / "web").rglob("*.py"):
        shown = set(filter(SENTENCE.match, _shown(ast.parse(path.read_text("utf-8")))))
        assert shown <= marked, path


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_a_translation_has_the_places_of_its_words(path):
    """A place that is missing would hide a door or a time; one too many would fail."""
    for message in catalogue_of(path):
        if message.id:
            wanted = set(PLACES.findall(_forms(message.id)[-1]))
            assert set(PLACES.findall(_forms(message.string)[-1])) == wanted, message.id


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parent.parent.name)
def test_what_runs_is_what_was_written(path):
    """The compiled catalogue, which Python reads, belongs to the other: `.ci/words` makes it."""
    compiled = BytesIO()
    write_mo(compiled, catalogue_of(path))
    assert path.with_suffix(".mo").read_bytes() == compiled.getvalue()


def test_every_answer_has_its_words_in_german(german):
    """On the buttons of a notification, and at the door."""
    assert all(words.gettext(label) != label for label in LABELS.values())
    assert words.gettext("Coming") == "Ich komme"


def test_the_phone_and_the_voice_speak_the_language_of_the_house(german):
    """A notification, and what is said at the door unless the settings have other words."""
    assert Texts(str.capitalize).drill("hoftür").endswith("niemand ist da: Hoftür")
    settings = VisitorVoiceSettings()
    assert settings.text_for("coming") == "Es kommt gleich jemand."
    assert settings.voice == "espeak-ng:de"
    assert VisitorVoiceSettings(missed="Nope").missed == "Nope"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("fr-FR,fr;q=0.9,en;q=0.8,de;q=0.7", "en"),
        ("en;q=0.5, de", "de"),
        ("de;q=0, en", "en"),
        ("fr, de;q=0.1", "de"),
        ("*", "en"),
        ("", "en"),
        (";;q=x,,", "en"),
    ],
)
def test_the_page_is_in_the_language_that_the_browser_wishes_first(accept, expected):
    """Of those that there are; English where it wishes none of them."""
    assert language.wished(accept) == expected


def test_a_language_counts_for_its_request_only():
    """Two people read at the same time, each in his own."""
    with language.use("de"):
        assert language.gettext("Visits") == "Besuche"
        assert language.ngettext("rang once", "rang %(num)s times", 1) == "einmal geklingelt"
    assert language.gettext("Visits") == "Visits"


def _forms(text) -> tuple[str, ...]:
    """One form, or that for one and that for many."""
    return (text,) if isinstance(text, str) else tuple(text)


def _shown(module: ast.Module) -> Iterator[str]:
    """The texts of its constants and of its HTTPExceptions."""
    constants = [node.value for node in module.body if isinstance(node, ast.Assign)]
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    refusals = [one for one in calls if ast.unparse(one.func) == "HTTPException"]
    given = [argument for refusal in refusals for argument in refusal.args]
    for node in (*constants, *given):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
