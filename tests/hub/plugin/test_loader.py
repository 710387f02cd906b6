"""The loader: whatever is wrong with a handler file is told with where, what and how."""

import os
import re
import sys
import warnings
from pathlib import Path

import pytest

from config import Settings, SettingsError
from hub.plugin import loader
from hub.plugin.files import handler_name

GOOD = """
from hub import Event, HandlerConfig, handler

class Config(HandlerConfig):
    words: str = "hello"

@handler("doorbell.pressed", "clip.recorded")
def shout(event: Event, config: Config) -> str:
    return config.words
"""


@pytest.fixture
def write(tmp_path):
    """Writes a handler file into the person's folder."""

    def write_file(name: str, text: str = GOOD) -> Path:
        path = tmp_path / "handlers" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def settings(tmp_path):
    return Settings(handlers_dir=tmp_path / "handlers", state_dir=tmp_path)


def _faults(path, settings):
    with pytest.raises(SettingsError) as told:
        loader.load(path, settings)
    return told.value.faults


def test_a_good_file_is_loaded_with_its_settings(write, tmp_path):
    """By its path; each event type leads to its reaction; the config knows its house."""
    house = Settings(handlers={"shout": {"words": "hi"}}, state_dir=tmp_path)
    file = loader.load(write("shout.py"), house)
    assert (file.name, file.config.words, file.config.state_dir) == ("shout", "hi", tmp_path)
    assert set(file.reactions) == {"doorbell.pressed", "clip.recorded"}
    assert file.reactions["doorbell.pressed"].function(None, file.config) == "hi"


def test_a_file_that_was_saved_twice_within_a_second_is_the_second_one(write, settings):
    """Python would take what it compiled of the first, which has the same size, for this one's."""
    path = write("shout.py")
    stat = path.stat()
    assert loader.load(path, settings).config.words == "hello"
    write("shout.py", GOOD.replace("hello", "howdy"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert loader.load(path, settings).config.words == "howdy"


def test_a_file_without_settings_of_its_own_has_the_common_ones(write, settings):
    """`Config` may be left out."""
    text = 'from hub import handler\n@handler("a.b")\ndef f(event, config): pass\n'
    assert loader.load(write("plain.py", text), settings).config.enabled is True


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "",
            "shout.py: no handler in it."
            ' Put @handler("doorbell.pressed") above a function of (event, config)',
        ),
        ("def f(:\n", "shout.py, line 1: "),
        (
            "\n\nimport no_such_thing\n",
            "shout.py, line 3: No module named 'no_such_thing'. Install it where doorbell is,"
            " and name it in a `# /// script` block (docs/systemd.md):"
            f" {sys.prefix}/bin/pip install 'no_such_thing'",
        ),
        ("\n1 / 0\n", "shout.py, line 2: ZeroDivisionError: division by zero"),
        ("raise SystemExit(3)\n", "shout.py, line 1: SystemExit: 3"),
        (
            "from hub import handler\n\n@handler\ndef f(event, config): pass\n",
            "shout.py, line 3: TypeError: @handler needs",
        ),
        (
            GOOD + '\n@handler("doorbell.pressed")\ndef two(event, config): pass\n',
            "shout.py: two functions react to doorbell",
        ),
        (
            GOOD.replace("(HandlerConfig)", ""),
            "Config is not a HandlerConfig. Write: class Config(HandlerConfig):",
        ),
    ],
)
def test_a_fault_in_a_file_is_told_with_its_line(write, settings, text, fault):
    """Where, what, and what to do; never somebody else's stack."""
    (told,) = _faults(write("shout.py", text), settings)
    assert fault in told


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (GOOD.encode() + b"\0", "shout.py, line 10: it has zero bytes, so the file is damaged"),
        (GOOD.encode("utf-16"), "shout.py: it is saved as UTF-16. Save the file as UTF-8"),
        (GOOD.encode("utf-16-le"), "shout.py: it is saved as UTF-16. Save the file as"),
        (b"\n# T\xfcr\n", "shout.py, line 2: a letter is not UTF-8. Save the file as UTF-8"),
        (b"# coding: klingon\n", "shout.py: unknown encoding: klingon. Save the file as UTF-8"),
        (b"# coding: rot13\n", "shout.py: 'rot13' is not a text encoding"),
        (b"raise SyntaxError\n", "shout.py, line 1: SyntaxError"),
        (b"raise ModuleNotFoundError\n", "shout.py, line 1: ModuleNotFoundError"),
        (b"import hub.gone\n", "shout.py, line 1: ModuleNotFoundError: No module named 'hub.gone'"),
    ],
)
def test_no_fault_is_told_with_a_line_or_a_module_that_is_none(write, settings, content, fault):
    """Python says `line None` and `line 0` of some, and names no module."""
    path = write("shout.py")
    path.write_bytes(content)
    (told,) = _faults(path, settings)
    assert told.startswith(fault)
    assert "None" not in told
    assert "pip install" not in told


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"# coding: latin-1\n# T\xfcr\n"])
def test_a_file_may_be_saved_as_python_takes_it(write, settings, content):
    """With a byte order mark, and in another encoding that it declares."""
    path = write("shout.py")
    path.write_bytes(content + GOOD.encode())
    assert loader.load(path, settings).name == "shout"


def test_all_faults_are_told_at_once(write, tmp_path):
    """Those of the file and those of its settings; a value is not shown."""
    house = Settings(handlers={"shout": {"wrods": "hunter2", "timeout_s": -1}}, state_dir=tmp_path)
    twice = GOOD + '\n@handler("doorbell.pressed")\ndef two(event, config): pass\n'
    told = "\n".join(_faults(write("shout.py", twice), house))
    assert "[handlers.shout] wrods: unknown key. Did you mean 'words'?" in told
    assert "[handlers.shout] timeout_s: " in told
    assert "two functions react to doorbell.pressed" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("name", "better"),
    [
        ("Shout.py", "shout.py"),
        ("a b.py", "a_b.py"),
        ("été.py", "t_.py"),
        ("1st.py", "st.py"),
        ("hub-x.py", "my_hub-x.py"),
        ("web-home.py", "my_web-home.py"),  # the page's state file
        (f"{'x' * 40}.py", f"{'x' * 32}.py"),
        ("été1é.py", "t_1_.py"),
        ("1.py", "my_.py"),
    ],
)
def test_a_file_is_named_as_a_topic_can_be(write, settings, name, better):
    """The name is a topic, a unit and a table in the settings; a better one is proposed."""
    (told,) = _faults(write(name), settings)
    assert told.startswith(f"{name}: not a handler's name.")
    assert told.endswith(f", like {better}")
    assert handler_name.is_name(better.removesuffix(".py"))


def test_what_a_file_imports_is_not_its_own(write, settings):
    """A reaction that another module brings along does not run twice."""
    write("shout.py")
    imports = ("import sys", "from hub.plugin.loader import SHIPPED")
    text = "\n".join((*imports, "from doorbell_handler_shout import shout", ""))
    loader.load(write("shout.py"), settings)
    assert "no handler in it" in _faults(write("other.py", text), settings)[0]


def test_files_are_found_by_name_and_the_persons_own_win(write, settings):
    """Ours and theirs; what begins with _, . or test_ is none."""
    for name in (
        "notify.py",
        "shout.py",
        "_shared.py",
        ".hidden.py",
        "test_shout.py",
        "readme.txt",
    ):
        write(name)
    found = loader.find(settings)
    assert {
        "bark",
        "light",
        "log",
        "notify",
        "record",
        "shout",
        "speak",
        "talk",
        "telemetry",
        "visit",
    } == set(found)
    assert found["notify"].parent == settings.handlers_dir
    assert list(found)[:2] == ["light", "bark"]  # they are started, and so served, first
    assert found["bark"].parent == loader.SHIPPED
    assert loader.locate("shout", settings) == found["shout"]


def test_a_handler_that_is_not_there_is_told_with_those_that_are(settings):
    """No guessing: the names that there are."""
    with pytest.raises(
        SettingsError,
        match=r"bell: no such handler file. There are: bark, light, log, notify, record",
    ):
        loader.locate("bell", settings)


@pytest.mark.parametrize(
    ("table", "hint"), [("notfy", "Did you mean [handlers.notify]?"), ("zzz", "Put zzz.py into ")]
)
def test_a_table_without_a_file_is_told(settings, table, hint):
    """A typing error in a table's name does not leave a handler with its defaults in silence."""
    strange = settings.model_copy(update={"handlers": {table: {}, "bark": {}}})
    (fault,) = loader.unknown_tables(strange, "doorbell.toml")
    assert re.match(
        rf"doorbell\.toml: \[handlers\.{table}\]: there is no handler file {table}\.py\. ", fault
    )
    assert hint in fault


def test_who_reacts_to_everything_reacts_to_nothing_else(write, settings):
    """`*` stands alone in its file."""
    both = '\n@handler("*")\ndef all_of_it(event, config): pass\n'
    assert '"*" is every event.' in _faults(write("shout.py", GOOD + both), settings)[0]


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ("house: str = 'mine'", "house: every HandlerConfig has house already"),
        ("door_name: str = 'x'", "door_name: every HandlerConfig has door_name already"),
        ("check: bool = True", "check: every HandlerConfig has check already"),
        ("enabled: str = 'no'", "enabled: every handler has this setting, as bool"),
        ("timeout_s: int = 5", "timeout_s: every handler has this setting, as float | None"),
        ("def within(self, house): ...", "within: every HandlerConfig has within already"),
    ],
)
def test_a_setting_that_hides_one_of_every_handler_is_refused(
    write, settings, setting, fault, recwarn
):
    """With the file, its line, the name, and what to do; nothing is printed besides."""
    path = write("shout.py", GOOD.replace("words: str =", f"{setting}\n    words: str ="))
    (found,) = _faults(path, settings)
    assert found.startswith("shout.py, line 4: ")
    assert fault in found
    assert "another name" in found
    assert list(recwarn) == []


@pytest.mark.parametrize("setting", ["enabled: bool = False", "max_age_s: float | None = 60"])
def test_a_handler_may_choose_another_default(write, settings, setting):
    """A setting that every handler has may have its own default in a file."""
    path = write("shout.py", GOOD.replace("words: str =", f"{setting}\n    words: str ="))
    name, default = setting.split(":")[0], setting.split(" = ")[1]
    assert repr(getattr(loader.load(path, settings).config, name)).startswith(default)


def test_a_handler_may_be_off_until_anything_is_set_for_it(write, settings):
    """`needs_settings` switches off a handler without settings, and it is known without loading."""
    line = "needs_settings: ClassVar[bool] = True"
    text = GOOD.replace("words: str =", f"{line}\n    words: str =")
    path = write("lamp.py", text.replace("from hub", "from typing import ClassVar\nfrom hub", 1))
    with_table = settings.model_copy(update={"handlers": {"lamp": {"doors": ["front"]}}})
    assert loader.is_off(path, settings)
    assert not loader.load(path, settings).config.enabled
    assert not loader.is_off(path, with_table)
    assert loader.load(path, with_table).config.enabled


@pytest.mark.parametrize(
    ("enabled", "is_off"),
    [(False, True), ("no", True), ("false", True), (0, True), ("yes", False), (1, False)],
)
def test_a_handler_is_switched_off_for_all_who_look(write, settings, enabled, is_off):
    """An environment variable holds text, and a person may write another word for false."""
    path = write("shout.py")
    house = settings.model_copy(update={"handlers": {"shout": {"enabled": enabled}}})
    assert loader.is_off(path, house) is is_off
    assert loader.load(path, house).config.enabled is not is_off


def test_a_file_may_switch_itself_off_with_zero(write, settings):
    """Python takes it for False."""
    path = write("shout.py", GOOD.replace("words: str =", "enabled: bool = 0\n    words: str ="))
    assert loader.is_off(path, settings)
    assert not loader.load(path, settings).config.enabled


@pytest.mark.parametrize("enabled", ["nein", [], None])
def test_a_switch_that_says_nothing_does_not_stop_a_handler_in_silence(write, settings, enabled):
    """Its own process tells what is wrong."""
    path = write("shout.py")
    house = settings.model_copy(update={"handlers": {"shout": {"enabled": enabled}}})
    assert not loader.is_off(path, house)
    assert "[handlers.shout] enabled: " in _faults(path, house)[0]


def test_a_vast_file_is_not_parsed_by_those_who_only_look(write, settings):
    """Its syntax tree fills hundreds of megabytes, and `doorbell handlers sync` would end by it."""
    path = write(
        "shout.py", GOOD.replace("words: str =", "enabled: bool = False\n    words: str =")
    )
    assert loader.is_off(path, settings)
    path.write_text(path.read_text() + "0\n" * loader.LARGEST_PARSED)
    assert not loader.is_off(path, settings)
    assert not loader.load(path, settings).config.enabled


def test_the_warnings_of_a_file_are_not_told_by_those_who_only_look(write, settings):
    """Python tells each line that has an invalid escape: the log would be full of them."""
    text = GOOD.replace("words: str =", "enabled: bool = False\n    words: str =")
    path = write("shout.py", text + "'\\d'\n" * 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert loader.is_off(path, settings)
