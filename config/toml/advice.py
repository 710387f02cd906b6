"""What to write in place of a line that is no TOML, in words of what people meant."""

import re

KEY = r"^\s*(?P<key>[\w.\"-]+)\s*"
END = r"\s*(?:#|//|;|$)"
CURLY = re.compile("[\u2018-\u201f\u00ab\u00bb]")
BLANK = re.compile("[\u00a0\u2000-\u200b\u202f\u3000\ufeff]")
# Soft hyphens, joiners, directions of writing; and what only a terminal or an old editor obeys.
HIDDEN = re.compile("[\u00ad\u200c-\u200f\u2028-\u202e\u2060-\u2069\x01-\x08\x0b-\x1f\x7f-\x9f]")
FOREIGN = r"[\w.-]*[^\W\x00-\x7f][\w.-]*"  # a name with letters like ä
FOREIGN_NAME = re.compile(rf"\s*(?:\[+\s*{FOREIGN}\s*\]|{FOREIGN}\s*=)")
AFTER_NO_COMMA = re.compile(r"\s*(?:\"[^\"]*\"|'[^']*')\s*,?\s*\]?\s*(?:#|$)")
TIME = "{key}: not a time. Write it like 07:30:00"
NUMBER = "{key}: not a number. Write it like 2.5"
TEXT = '{key}: text needs quotes. Write {key} = "…"'
DAMAGED = (
    "it has zero bytes, so the file is damaged, as after a power cut. Restore it from a backup"
)
SAVE_AS = "Save the file as UTF-8 (Notepad: Save as, Encoding: UTF-8)"
UNCLOSED = {
    "[": "{key}: the list is not closed. Write ] at its end",
    "{": "{key}: the table is not closed. Write }} at its end",
    '"""': "{key}: the text is not closed. Write three quotes at its end, too",
    "'''": "{key}: the text is not closed. Write three quotes at its end, too",
}
MIDNIGHT = "{key}: a day ends at 23:59:59. For midnight write 00:00:00"
BRACES = '{key}: not a table. Write it like {key} = {{ one = 1, two = "…" }}, in one line'
WITH_UNIT = r"[+-]?(?:\d+[.,]?\d*|[.,]\d+)\s*(?:%|°\s*[NSEW]?|[A-Za-zµ]{1,5})"
OVER_LINES = (
    "{key}: what stands in {{ }} must be in one line. Or write a table, [{table}], with a line for"
    " each key"
)
VALUE = r"(?:true|false|[+-]?\d[\d_]*(?:\.\d+)?|\"[^\"]*\"|'[^']*')"
# What stands in a line that cannot be read, and what to write instead. The line itself is not
# shown: it may hold a password. The first that fits is told.
ADVICE = (
    ("\0", DAMAGED),
    (r"^\s*\[[^\]]*$", "the name of a table ends with a bracket. Write [name]"),
    (
        r"^\s*\[[^\]]*\]\s*[\w\"]",
        "the keys of a table stand in the lines below its name, one in a line",
    ),
    (r"^\s*\[.*\]", "not the name of a table. Write [name], with no blanks in it"),
    (r"^\s*[\w.-]+\]+\s*(?:#|$)", "the name of a table begins with a bracket. Write [name]"),
    (KEY + r"=\s*[=>:]", 'write one "=" between a key and its value: {key} = …'),
    (KEY + r"=\s*(?:#|$)", "{key} has no value. Write one, or leave {key} out"),
    (KEY + r":", 'write "=" between a key and its value: {key} = …'),
    (KEY + r"=\s*(?:\{.*=\s*)?24:00", MIDNIGHT),
    (KEY + r"=\s*\{.*=\s*(?:\d:\d\d|\d\d:\d\d(?!:\d\d))", TIME),
    (KEY + r"=\s*\{", BRACES),
    (KEY + r"=\s*\d\d?\.\d\d\.\d\d" + END, TIME),
    (KEY + r"=\s*\d{4}-\d", "{key}: there is no such date or time"),
    (KEY + r"=\s*\d+(?:\.\d+){2,}", TEXT),
    (KEY + r"=\s*\d\d?(?:[:.]\d\d?)?\s*(?i:[ap]\.?m\b|uhr\b|o'?clock)", TIME),
    (KEY + r"=\s*\d\d?:\d\d?(?::\d\d?)?\b", TIME),
    (
        KEY + r"=\s*[\u2010-\u2015\u2212]\s*[\d.]",
        "{key}: that is not a minus. Write a plain one: -",
    ),
    (KEY + rf"=\s*{VALUE}\s*[;,]" + END, "{key}: leave out the sign at the end of the line"),
    (KEY + rf"=\s*{VALUE}\s*//", "{key}: a note begins with #"),
    (KEY + r"=\s*[+-]?(?:\d[\d.]*,\d+|\d+\.|\.\d+)" + END, NUMBER),
    (KEY + r"=\s*0\d+" + END, "{key}: write the number without a 0 before it"),
    (KEY + rf"=\s*{WITH_UNIT}" + END, NUMBER + ", without a unit; text needs quotes"),
    (
        KEY + r"=\s*(?i:yes|no|on|off|true|false)" + END,
        "{key}: write true or false, in small letters",
    ),
    (KEY + r"=\s*(?i:null|none|nil)" + END, "{key}: TOML has no empty value. Leave {key} out"),
    (
        KEY + r"=\s*\"[^\"']*\\",
        "{key}: in double quotes a backslash has a meaning of its own. Write {key} = '…'",
    ),
    (
        KEY + r"=\s*(\"[^\"]*|'[^']*)$",
        '{key}: the text has no quote at its end. Write {key} = "…"',
    ),
    (KEY + r"=\s*[^\s\"'\[{\d+-]", TEXT),
    (
        KEY + r"=\s*(\"[^\"]*\"|'[^']*')\s*[^\s#]",
        "{key}: something follows the text. Write one setting a line, and '…' around double quotes",
    ),
    (KEY + r"=\s*\[", '{key}: not a list. Write it like {key} = ["one", "two"]'),
    (KEY + r"=", '{key}: not a value. Put text in quotes, like {key} = "…"'),
    (r"^[^=]*[\],]\s*(?:#|$)", 'text in a list needs quotes, like "one"'),
    ("", "not a setting. Write key = value, or # before a note"),
)


def advice(line: str, words: str = "") -> str:
    """What to write in place of a line.

    Args:
        line: The line, which cannot be read.
        words: Those of `tomllib`.
    """
    is_open = line.lstrip().startswith("[") and "]" not in line
    if not is_open and ("twice" in words or "overwrite" in words or "immutable" in words):
        return f"{_named(line)} is set above already. Leave one of them"
    if CURLY.search(line):
        return 'it has curly quotes. Write straight ones: "'
    if "\0" not in line and HIDDEN.search(line):
        return "it has a sign that is not seen. Delete the line, and type it anew"
    if BLANK.search(line):
        return (
            "it has a special blank, as web pages and word processors have them. Write a plain one"
        )
    if not line.isascii() and FOREIGN_NAME.match(line):
        return "a name has a-z, 0-9, - and _ only. Write ä as ae"
    pattern, text = next(one for one in ADVICE if re.search(one[0], line))
    found = re.search(pattern, line)
    return text.format(**(found.groupdict() if found else {}))


def advice_in_list(line: str, above: str) -> str:
    """What to write in place of a line of a list that begins above it.

    Args:
        line: The line, which cannot be read.
        above: The line above it.
    """
    if AFTER_NO_COMMA.match(line) and not above.partition("#")[0].rstrip().endswith((",", "[")):
        return "a comma is missing. Write one at the end of the line above"
    return advice(line)


def advice_on_open(line: str, sign: str, table: str, *, is_closed: bool) -> str:
    """What to write where something over several lines has no end, or must not have so many.

    Args:
        line: Its first line.
        sign: What opens it: `[`, `{`, or three quotes.
        table: The table that the key would be.
        is_closed: Whether it has an end.
    """
    text = OVER_LINES if is_closed and sign == "{" else UNCLOSED[sign]
    return text.format(key=_named(line), table=table)


def _named(line: str) -> str:
    """The key or table that a line sets."""
    if line.lstrip().startswith("["):
        return line.strip().partition("#")[0].strip()
    return line.partition("=")[0].strip()
