"""What people see holds nothing that is hidden."""

import json
import sys
import unicodedata

import pytest

from hub.system.log.visible import escaped, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Front door · 2 °C — grüß Gott", "Front door · 2 °C — grüß Gott"),
        ("日本語 עברית فارسی‌ها 👨‍👩‍👧", "日本語 עברית فارسی‌ها 👨‍👩‍👧"),  # noqa: RUF001 - they are letters
        ("a\nERROR hub: b", r"a\nERROR hub: b"),
        ("\x1b]0;owned\x07", r"\u001b]0;owned\u0007"),
        ("\x9b2J", r"\u009b2J"),
        ("safe\u202egnp.exe", r"safe\u202egnp.exe"),
        ("pay\u200bpal a\u200db", r"pay\u200bpal a\u200db"),
        ("\ud800", r"\ud800"),
        ("tag \U000e0041", r"tag \udb40\udc41"),
        ("tab\there\r", r"tab\there\r"),
    ],
)
def test_text_is_shown_as_what_it_is(text: str, shown: str):
    """Letters of every script stay; what moves, hides or turns is written as JSON writes it."""
    assert visible(text) == shown


def test_no_character_of_the_hidden_kinds_passes():
    """Control, format, surrogate, line and paragraph separator: all that Unicode has of them."""
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    every = map(chr, range(sys.maxunicode + 1))
    passed = [
        char for char in every if unicodedata.category(char) in hidden and visible(char) == char
    ]
    assert passed == []


def test_json_stays_the_same_json():
    """So that `--json` may be written to a terminal, and reads back as it was."""
    value = {"note": 'a\x1b[31m\x9b\u202e\U000e0041\n"quoted" \\ ü'}
    text = escaped(json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == value
    assert text.isprintable()
    assert "ü" in text


def test_the_lines_of_a_traceback_are_indented():
    """What an exception says cannot be taken for a line of the log."""
    assert visible_lines("Traceback:\nValueError: a\nERROR hub: \x1bforged") == (
        "  Traceback:\n  ValueError: a\n  ERROR hub: \\u001bforged"
    )
