"""What the documents say is true."""

import json
import re
import subprocess
import sys
import tomllib
from datetime import time
from pathlib import Path

import pytest

from config import Settings
from config.model import Broker, Chime, ClockSettings, Drill, House, Quiet
from config.reading import sources
from config.tables.door import ButtonSettings, Door, LedSettings
from config.tables.homeassistant import HomeAssistant
from config.tables.trigger import Trigger
from config.tables.web import Web
from hub import HandlerConfig
from hub.plugin import loader
from hub.plugin.decorator import Reaction
from hub.testing import event, run
from tests import forked
from tests.house import ROOT, free_port
from tests.servers.phone import phone_service

README = (ROOT / "README.md").read_text(encoding="utf-8")
HANDLERS = (ROOT / "docs" / "handlers.md").read_text(encoding="utf-8")
ANNOTATED = (ROOT / "config" / "doorbell.toml").read_text(encoding="utf-8")


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def _uncommented(text: str) -> str:
    """The annotated settings with every `# key = value` and `# [table]` in force."""
    return re.sub(r"^# (\w+ = |\[[\w.]+\])", r"\1", text, flags=re.MULTILINE)


def test_the_handler_in_the_readme_works(tmp_path: Path):
    """It loads by its path like any other, and does what is said of it."""
    (block,) = _blocks(README, "python")
    path = tmp_path / "shout.py"
    path.write_text(block, encoding="utf-8")
    file = loader.load(path, Settings(state_dir=tmp_path))
    said = file.reactions["doorbell.pressed"].function(event(), file.config)
    assert said == f"shouted into {tmp_path / 'shouts.txt'}"
    assert (tmp_path / "shouts.txt").read_text(encoding="utf-8") == "FRONT DOOR!\n"


def test_the_handler_in_the_docs_passes_the_test_in_the_docs(tmp_path: Path):
    """All blocks run as they stand."""
    source, *_, test, memory_test = _blocks(HANDLERS, "python")
    (tmp_path / "flag.py").write_text(source, encoding="utf-8")
    path = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]"
    calls = "test_the_flag_goes_up_and_will_come_down()\ntest_a_failed_run_leaves_its_checkpoint()"
    program = f"{path}\n{test}\n{memory_test}\n{calls}"
    (tmp_path / "use.py").write_text(program, "utf-8")
    loader.load(tmp_path / "flag.py", Settings())
    subprocess.run([sys.executable, tmp_path / "use.py"], check=True)


def test_the_checkpoint_in_the_docs_keeps_what_it_says(tmp_path: Path):
    """The latch fails: it will be shut, and the opening is not counted."""
    (tmp_path / "hens.py").write_text(_blocks(HANDLERS, "python")[1], encoding="utf-8")
    table = {"hens": {"latch": str(tmp_path / "no" / "latch")}}
    file = loader.load(tmp_path / "hens.py", Settings(handlers=table))
    react, known = file.reactions["doorbell.pressed"].function, {}
    with pytest.raises(FileNotFoundError), run(memory=known) as doing:
        react(doing.event, file.config)
    assert (known, doing.timers) == ({}, {"hens.due": 60})
    (tmp_path / "no").mkdir()
    with run(memory=known) as doing:
        assert react(doing.event, file.config) == "open (1 times so far)"


def test_the_lamp_in_the_docs_is_lit_and_put_back(tmp_path: Path):
    """The file loads, and does with a simulated lamp what it says."""
    (tmp_path / "redlight.py").write_text(_blocks(HANDLERS, "python")[2], encoding="utf-8")
    table = {"redlight": {"when": "always"}}
    file = loader.load(tmp_path / "redlight.py", Settings(handlers=table, state_dir=tmp_path))
    known: dict[str, object] = {}
    notes = []
    for kind in ("doorbell.pressed", "redlight.over"):
        reaction = file.reactions[kind]
        with reaction.uses(file.config) as lamp, run(event(kind), memory=known) as doing:
            notes.append(reaction.function(doing.event, file.config, lamp))
    assert (notes, known) == (["red", "back to off"], {})


def test_the_parcel_in_the_docs_is_told(tmp_path: Path):
    """Another handler than ours tells the phones with the same parts."""
    path = tmp_path / "parcel.py"
    path.write_text(_blocks(HANDLERS, "python")[3], encoding="utf-8")
    with phone_service() as phone:
        file = loader.load(path, Settings(handlers={"parcel": {"urls": [phone.url]}}))
        reaction = file.reactions["visitor.seen"]
        with run(event("visitor.seen", what="parcel")) as doing, reaction.uses(file.config) as told:
            assert reaction.function(doing.event, file.config, told) == (
                "sent to 1: A parcel was left"
            )
        assert [one["message"] for one in phone.told] == ["A parcel was left"]


def test_the_dry_run_in_the_docs_is_one(tmp_path: Path):
    """The file loads, and its dry run finds that there is no gong here."""
    path = tmp_path / "gong.py"
    path.write_text(
        _blocks(HANDLERS, "python")[4]
        .replace("gong.local", "127.0.0.1")
        .replace("4000", str(free_port()))
    )
    file = loader.load(path, Settings())
    with pytest.raises(ConnectionRefusedError):
        file.reactions["doorbell.pressed"].drill(event("doorbell.drilled"), file.config)


def test_the_nightly_drill_in_the_docs_can_be_set():
    """As it stands there."""
    (block,) = _blocks((ROOT / "docs" / "drills.md").read_text(encoding="utf-8"), "toml")
    assert Settings.model_validate(tomllib.loads(block)).drill.at == time(3, 30)


def test_the_triggers_in_the_docs_can_be_set():
    """As they stand there."""
    blocks = _blocks((ROOT / "docs" / "triggers.md").read_text(encoding="utf-8"), "toml")
    settings = Settings.model_validate(tomllib.loads("\n".join(blocks)))
    assert [one.say for one in settings.triggers.values()] == [
        "visitor.seen",
        "visitor.answered",
        "doorbell.pressed",
    ]
    assert settings.web.listen == "192.168.1.5"


def test_the_page_and_the_visit_in_the_docs_can_be_set():
    """The examples are valid; the handler's are its defaults; each setting has its row."""
    text = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")
    table = tomllib.loads("\n".join(_blocks(text, "toml")))
    assert Settings.model_validate(table).web.url == "https://door.example.org"
    assert _shipped()["visit"].config.model_dump().items() >= table["handlers"]["visit"].items()
    text += (ROOT / "docs" / "login.md").read_text(encoding="utf-8")
    for name, field in Web.model_fields.items():
        default = "none" if field.default is None else json.dumps(field.default)
        plain = re.sub(r'\.0$|"', "", default)
        assert f"| `{name}` | {plain} |" in text.replace("| `127.0.0.1` |", "| 127.0.0.1 |")


def test_the_light_and_the_chime_in_the_docs_can_be_set():
    """As they stand there."""
    blocks = _blocks((ROOT / "docs" / "doorstep.md").read_text(encoding="utf-8"), "toml")
    read = Settings.model_validate(tomllib.loads("\n".join(blocks)))
    assert (read.doors["front"].led, read.chime.speaker) == (LedSettings(pin=27), "default")


def test_the_sounds_in_the_docs_can_be_set():
    """As they stand there."""
    text = "\n".join(_blocks((ROOT / "docs" / "sound.md").read_text(encoding="utf-8"), "toml"))
    table = tomllib.loads(text)["handlers"]
    table["speak"]["enabled"] = False  # espeak-ng need not be here
    house = {"handlers": table, "doors": {"front": {}, "back": {}}}
    read = {
        name: loader.load(loader.SHIPPED / f"{name}.py", Settings.model_validate(house)).config
        for name in table
    }
    assert (read["bark"].sound, read["speak"].voice) == ("ding-dong", "espeak-ng:de")


def test_the_phones_in_the_docs_can_be_set():
    """As they stand there; and each setting of a recipient is told."""
    text = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    settings = Settings.model_validate(
        {"doors": {"front": {}, "back": {}}} | tomllib.loads("\n".join(_blocks(text, "toml")))
    )
    config = loader.load(loader.SHIPPED / "notify.py", settings).config
    assert [*config.recipients] == ["anna", "ben", "cleo"]
    assert all(f"`{name}`" in text for name in type(config.recipients["anna"]).model_fields)


def test_the_lights_in_the_docs_can_be_set():
    """As they stand there; and each setting of a scene is told."""
    text = (ROOT / "docs" / "lights.md").read_text(encoding="utf-8")
    settings = Settings.model_validate(
        {"doors": {"front": {}, "back": {}}} | tomllib.loads("\n".join(_blocks(text, "toml")))
    )
    config = loader.load(loader.SHIPPED / "light.py", settings).config
    assert config.lamps == ["zigbee2mqtt:porch", "wled:wled/path", "gpio:22"]
    assert list(config.mqtt_lamps) == ["gate", "garden", "shed"]
    assert all(f"`{name}`" in text for name in type(config.mqtt_lamps["gate"]).model_fields)
    assert all(f"`{name}`" in text for name in type(config.scenes["back"]).model_fields)


def test_the_button_in_the_docs_can_be_set():
    """As it stands there."""
    (block,) = _blocks((ROOT / "docs" / "button.md").read_text(encoding="utf-8"), "toml")
    assert Settings.model_validate(tomllib.loads(block)).doors["front"].button.double_s == 0.6


@pytest.mark.parametrize("name", [*Trigger.model_fields])
def test_every_setting_of_a_trigger_is_documented(name: str):
    """In its table."""
    assert f"| `{name}` |" in (ROOT / "docs" / "triggers.md").read_text(encoding="utf-8")


def test_every_setting_is_in_the_annotated_file_with_its_default(tmp_path: Path):
    """Uncommented, the file holds every setting; what it gives as default is the default."""
    path = tmp_path / "doorbell.toml"
    text = _uncommented(ANNOTATED).replace('password = "…"', 'password = "x"')
    path.write_text(text, encoding="utf-8")
    sources.load(path)
    table = tomllib.loads(text)
    models = {
        "house": House,
        "broker": Broker,
        "drill": Drill,
        "doors.front": Door,
        "doors.front.button": ButtonSettings,
        "doors.front.led": LedSettings,
        "chime": Chime,
        "quiet": Quiet,
        "clock": ClockSettings,
        "web": Web,
        "homeassistant": HomeAssistant,
        "triggers.person": Trigger,
    } | {f"handlers.{name}": type(file.config) for name, file in _shipped().items()}
    for name, model in models.items():
        here = table
        for part in name.split("."):
            here = here[part]
        everywhere = (
            HandlerConfig.model_fields
            if issubclass(model, HandlerConfig)
            else {"button", "led", "answer"}
        )
        assert set(model.model_fields) - set(everywhere) == set(here) - {"button", "led"}, name
        for key, field in model.model_fields.items():
            if key in here and isinstance(field.default, bool | int | float | str):
                assert here[key] == field.default, (name, key)
    assert set(Settings.model_fields) == set(table)


def _shipped() -> dict[str, loader.HandlerFile]:
    settings = Settings(house=House(latitude=52.5, longitude=13.4))
    return {path.stem: loader.load(path, settings) for path in loader.SHIPPED.glob("*.py")}


def test_the_annotated_file_is_in_order_as_it_stands():
    """Copied unchanged it works."""
    sources.load(ROOT / "config" / "doorbell.toml")


@pytest.mark.parametrize(
    "argument", [f for f in Reaction.__slots__ if f not in ("function", "types")]
)
def test_every_argument_of_the_decorator_is_documented(argument: str):
    """What @handler takes stands in docs/handlers.md."""
    assert f"`{argument}`" in HANDLERS


@pytest.mark.parametrize("name", [*HandlerConfig.model_fields])
def test_every_setting_of_all_handlers_is_documented(name: str):
    """What each handler's table may hold stands in docs/handlers.md and in the annotated file."""
    assert name in HANDLERS
    assert name in ANNOTATED


DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


def _anchor(heading: str) -> str:
    """The anchor of a heading: words in lower case, joined by hyphens, without punctuation."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_link_leads_somewhere(document: Path):
    """The files that a document links to exist, and so do the headings in them."""
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", document.read_text(encoding="utf-8")):
        target, _, anchor = link.partition("#")
        path = document.parent / target if target else document
        assert path.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(_anchor, headings), link


def test_every_document_is_in_the_index():
    """The index of docs/ leads to each of them."""
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\((\w[\w-]*\.md)\)", index))
    assert linked == {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}


def test_every_test_that_a_document_names_is_there():
    """A table that says what was tested says it of tests that run."""
    for document in (ROOT / "docs").glob("*.md"):
        named = re.findall(r"`(tests/[\w./-]+)(?:::(\w+))?`", document.read_text(encoding="utf-8"))
        for path, function in named:
            assert (ROOT / path).exists(), f"{document.name}: {path}"
            if function:
                text = (ROOT / path).read_text(encoding="utf-8")
                assert f"def {function}(" in text, f"{document.name}: {path}::{function}"


def test_the_glossary_is_in_alphabetical_order():
    """A word is where a reader looks for it, and stands there once."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| \*\*(.+?)\*\*", text, re.MULTILINE)
    assert words == sorted(set(words))


def test_every_command_is_in_the_list_of_commands():
    """`doorbell --help` names nothing that docs/commands.md does not."""
    shown = forked.run("hub.cli.main", "--help")
    commands = re.findall(r"^│ ([a-z][\w-]*) ", shown.stdout, re.MULTILINE)
    assert len(commands) >= 20
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for command in commands:
        assert f"`doorbell {command}" in text
