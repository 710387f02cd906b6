"""A settings file as people save and write it is read, or the fault says what to write."""

import codecs

import pytest

from config import SettingsError
from config.reading import sources
from config.toml import toml_file

TEXT = '[broker]\nhost = "h"\n[doors.front]\nname = "Tür"\n'


def _faults(tmp_path, content: bytes) -> list[str]:
    path = tmp_path / "doorbell.toml"
    path.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        sources.load(path)
    return [fault.removeprefix("doorbell.toml: ") for fault in caught.value.faults]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8-sig"),
        TEXT.replace("\n", "\r\n").encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
    ],
    ids=["bom", "bom and crlf", "utf-16", "utf-16 be", "no mark", "no mark, be", "utf-32"],
)
def test_a_file_that_an_editor_of_windows_has_saved_is_read(tmp_path, content):
    """Byte order marks, CR LF and UTF-16 make no difference."""
    path = tmp_path / "doorbell.toml"
    path.write_bytes(content)
    settings = sources.load(path)
    assert (settings.broker.host, settings.door_name("front")) == ("h", "Tür")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp850"])
def test_text_that_is_not_unicode_is_told_with_its_line(tmp_path, encoding):
    """Its letters cannot be known, so they are not guessed."""
    assert _faults(tmp_path, TEXT.encode(encoding)) == [
        "line 4: a letter is not UTF-8. Save the file as UTF-8 (Notepad: Save as, Encoding: UTF-8)."
    ]


@pytest.mark.parametrize("content", [bytes(4096), TEXT.encode() + bytes(100)])
def test_a_file_that_a_power_cut_has_damaged_is_told(tmp_path, content):
    """A file system may know its length, and have lost what was in it."""
    (fault,) = _faults(tmp_path, content)
    assert "zero bytes, so the file is damaged, as after a power cut" in fault


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("a = b", 'a: text needs quotes. Write a = "…"'),
        ("a = ntfy://x/y", 'a: text needs quotes. Write a = "…"'),
        ("a = $1", 'a: text needs quotes. Write a = "…"'),
        ("a = \u201cb\u201d", 'it has curly quotes. Write straight ones: "'),
        ("a = \u00ab\u00a0b\u00a0\u00bb", 'it has curly quotes. Write straight ones: "'),
        ("a =\u00a0'b'", "it has a special blank"),
        ("a = 24:00:00", "a: a day ends at 23:59:59. For midnight write 00:00:00"),
        ("a = 7:00", "a: not a time. Write it like 07:30:00"),
        ("a = 7:30:00", "a: not a time. Write it like 07:30:00"),
        ("a = 22:00 Uhr", "a: not a time. Write it like 07:30:00"),
        ("a = yes", "a: write true or false, in small letters"),
        ("a = True  # on", "a: write true or false, in small letters"),
        ("a = null", "a: TOML has no empty value. Leave a out"),
        ("a =", "a has no value. Write one, or leave a out"),
        ("a = 2,5", "a: not a number. Write it like 2.5"),
        ("a = 07", "a: write the number without a 0 before it"),
        ('a = "x', 'a: the text has no quote at its end. Write a = "…"'),
        ("a = 'x", 'a: the text has no quote at its end. Write a = "…"'),
        ('a = "x"y"', "a: something follows the text. Write one setting a line"),
        ('a = "b" c = "d"', "a: something follows the text. Write one setting a line"),
        (r'a = "C:\temp\x"', "a: in double quotes a backslash has a meaning of its own"),
        ("a: 1", 'write "=" between a key and its value: a = …'),
        ("host", "not a setting. Write key = value, or # before a note"),
        ("[a", "the name of a table ends with a bracket. Write [name]"),
        ("[quiet]\n[quiet", "the name of a table ends with a bracket. Write [name]"),
        ("[a b]", "not the name of a table. Write [name], with no blanks in it"),
        ('[a] b = "c"', "the keys of a table stand in the lines below its name"),
        ("a = [x, y]", 'a: not a list. Write it like a = ["one", "two"]'),
        ("hub = 'a'\nhub = 'b'", "hub is set above already. Leave one of them"),
        ("[quiet]\n[quiet]", "[quiet] is set above already. Leave one of them"),
        ("a = [\n  'x',\n  y,\n]", 'text in a list needs quotes, like "one"'),
        ("a = 10pm", "a: not a time. Write it like 07:30:00"),
        ("a = 7 am", "a: not a time. Write it like 07:30:00"),
        ("a = 2026-02-30", "a: there is no such date or time"),
        ("a = 10.0.0.5", 'a: text needs quotes. Write a = "…"'),
        ("a = 80%", "a: not a number. Write it like 2.5, without a unit"),
        ("a = 3s", "a: not a number. Write it like 2.5, without a unit"),
        ("a = 52.5°N", "a: not a number. Write it like 2.5, without a unit"),
        ("a = 5.", "a: not a number. Write it like 2.5"),
        ("a = .5", "a: not a number. Write it like 2.5"),
        ("a = \u22125.0", "a: that is not a minus. Write a plain one: -"),
        ("a = 1883;", "a: leave out the sign at the end of the line"),
        ("a = 'x',", "a: leave out the sign at the end of the line"),
        ("a = 1 // one", "a: a note begins with #"),
        ("a.b]", "the name of a table begins with a bracket. Write [name]"),
        ("a = { b = 10:00, c = 7 }", "a: not a time. Write it like 07:30:00"),
        ("a = { b = 24:00:00 }", "a: a day ends at 23:59:59"),
        ("a = { b = 1, }", "a: not a table. Write it like a = { one = 1"),
        (
            "[a]\nb = {\n  c = 1,\n}",
            "line 3: [a] b: what stands in { } must be in one line. Or write a table, [a.b]",
        ),
        ("a = { b = 1", "line 2: a: the table is not closed. Write } at its end"),
        ("a = [[[" + "[" * 3000, "a: tables or lists lie too deep within each other"),
        ("a = " + "[" * 40 + "]" * 40, "line 2: a: tables or lists lie too deep within each other"),
        (f"[a{'.a' * 600}]", "line 2: a: tables or lists lie too deep within each other"),
        (f"a = {'9' * 5000}", "line 2: a: the number is too long"),
        ("a = [\n  'x'", "line 2: a: the list is not closed. Write ] at its end"),
        ("a = [\n  'x'\n  'y',\n]", "line 4: a comma is missing. Write one at the end of the line"),
        ("[doors.haust\u00fcr]", "a name has a-z, 0-9, - and _ only. Write \u00e4 as ae"),
        ("gr\u00f6\u00dfe = 'x'", "a name has a-z, 0-9, - and _ only. Write \u00e4 as ae"),
        ("a\u200e = 'x'", "it has a sign that is not seen. Delete the line, and type it anew"),
        ("a = 'x'\x0c", "it has a sign that is not seen"),
        ("[quiet]\u2060", "it has a sign that is not seen"),
        ("a == 'x'", 'write one "=" between a key and its value: a = …'),
    ],
)
def test_a_line_that_is_no_toml_says_what_to_write(tmp_path, line, says):
    """In words of what people meant, not of the grammar."""
    (fault,) = _faults(tmp_path, f"log_level = 'INFO'\n{line}\n".encode())
    assert says in fault


@pytest.mark.parametrize(
    ("opened", "says"),
    [
        ('[doors.front]\nname = """Door', "name: the text is not closed. Write three quotes"),
        ("[doors.front]\nname = [\n'one',", "name: the list is not closed. Write ] at its end"),
        (
            "[doors.front]\nbutton = { pin = 5",
            "button: the table is not closed. Write } at its end",
        ),
    ],
)
def test_what_is_not_closed_is_told_where_it_was_opened(tmp_path, opened, says):
    """The lines below it are innocent, and their own faults are told as well."""
    faults = _faults(tmp_path, f"{opened}\n[broker]\nhost = 'h'\ntls = yes\n".encode())
    assert len(faults) == 2
    assert faults[0].startswith(f"line 2: [doors.front] {says}")
    assert "tls: write true or false" in faults[1]


def test_a_file_that_is_too_large_for_settings_is_not_read(tmp_path):
    """Someone has named a video; a Pi has no memory for it."""
    (fault,) = _faults(tmp_path, b"#" * 1_000_001)
    assert fault.startswith("it is larger than 1,000,000 bytes")


def test_all_faulty_lines_are_told_at_once(tmp_path):
    """Each with its number."""
    text = "a = yes\nb = 24:00\n[broker\nhost = x\n[quiet]\nbegin = 7:00\nend: 7\n"
    lines = [fault.partition(":")[0] for fault in _faults(tmp_path, text.encode())]
    assert lines == [f"line {number}" for number in (1, 2, 3, 4, 6, 7)]


def test_the_number_of_faults_is_bounded(tmp_path):
    """A file that is no TOML at all does not fill the screen."""
    faults = _faults(tmp_path, b"a novel\n" * 1000)
    assert len(faults) == toml_file.MOST_FAULTS


def test_a_fault_shows_no_value(tmp_path):
    """It may be a password."""
    for value in ("hunter2", '"hunter2', 'hunter2"', "\u201chunter2\u201d", '"hunter2" x'):
        faults = _faults(tmp_path, f"[broker]\npassword = {value}\n".encode())
        assert faults
        assert "hunter2" not in str(faults)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[borker]\nhost = 'x'", "[borker]: unknown table. Did you mean 'broker'?"),
        ("[doors.front.buton]\npin = 5", "[doors.front.buton]: unknown table. Did you mean"),
        ("broker = 'x'", "broker: not a table. Write [broker], and its keys in the lines below."),
        ("[[broker]]", "broker: not a table. Write [broker], and its keys in the lines below."),
        ("[[doors]]", "doors: not a table. Write [doors.NAME], and its keys in the lines below."),
        ("[doors]\nfront = 'x'", "[doors] front: not a table. Write [doors.front], and its keys"),
        ("[quiet]\nbegin = 22\nend = 07:00:00", "[quiet] begin: not a time. Write it like 22:00"),
        ("[quiet]\nbegin = '22'\nend = 07:00:00", "[quiet] begin: not a time. Write it like"),
        ("[clock.at]\ntea = 17", "[clock.at] tea: not a time. Write it like 22:00:00."),
        ("log_level = 'loud'", "log_level: must be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'."),
        ("[[borker]]\nhost = 'x'", "[borker]: unknown table. Did you mean 'broker'?"),
        ("hub = 'My House'", "hub: not a name. Use a-z, 0-9, - and _, beginning with a letter"),
        ("[house]\nlanguage = 'German'", "language: not the code of a language. Write two or"),
        ("[doors]", "doors: nothing is in it. Write something, or leave it out."),
        (f"[broker]\nroot = '{'a' * 200}'", "root: too long. Write at most 128 characters."),
        (f"[broker]\nhost = 'h:{'9' * 5000}'", "its port must be a number from 1 to 65535"),
        ("[web]\nport = 1.5", "[web] port: not a whole number. Write it like 17."),
        ("[doors.front.led]\npin = 5\nnotified_by = 7", "notified_by: not a list. Write it like"),
    ],
)
def test_a_value_of_another_kind_says_what_to_write(tmp_path, text, says):
    """A number is no time: 7 would be seven seconds after midnight."""
    (fault,) = _faults(tmp_path, text.encode())
    assert says in fault


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n", "\r"])
def test_lines_end_as_any_editor_ends_them(tmp_path, end):
    """Also where a copy has turned the ends of Windows into those of Windows once more."""
    path = tmp_path / "doorbell.toml"
    path.write_bytes(end.join(["[broker]", 'host = "h"', "[quiet]", "begin = 7", ""]).encode())
    with pytest.raises(SettingsError, match=r"line 4: \[quiet\] begin: not a time"):
        sources.load(path)


@pytest.mark.parametrize(
    "key", ["state_dir", "handlers_dir", "[broker]\nca_file", "[chime]\nsound"]
)
def test_an_empty_path_is_not_the_folder_of_the_settings(tmp_path, key):
    """The state would be lost to sight there."""
    (fault,) = _faults(tmp_path, f"{key} = ''\n".encode())
    assert "empty. Write a path, or leave it out." in fault


@pytest.mark.parametrize(
    "key", ["[doors.front.button]\nlong_s", "[chime]\nrelay", "[web]\nport", "[chime]\nvolume"]
)
def test_true_is_no_number(tmp_path, key):
    """It would be one second, or the first GPIO line."""
    (fault,) = _faults(tmp_path, f"{key} = true\n".encode())
    assert "number. Write it like" in fault


def test_a_text_where_a_list_belongs_is_a_list_of_one(tmp_path):
    """Nobody with one phone thinks of a list."""
    path = tmp_path / "doorbell.toml"
    path.write_text('[doors.front.led]\npin = 5\nnotified_by = "notify"\n', encoding="utf-8")
    led = sources.load(path).doors["front"].led
    assert led
    assert list(led.notified_by) == ["notify"]
