"""`doorbell setup` at a real terminal, as a newcomer uses it."""

import os
import re
import shutil
import stat
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from tests import forked
from tests.hub.admin.setup.person import CTRL_C, CTRL_D, Person
from tests.servers.ntfy import ntfy_program, ntfy_server
from tests.servers.phone import phone_service
from tests.system.commands.test_commands import doorbell

HOUSE = """\
# My house. Do not lose this line.
log_level = "DEBUG"   # while I look for something

[house]   # on the hill
latitude = 48.1
longitude = 11.5

[doors.back]
name = "Back gate"   # squeaks
button = { driver = "simulated", debounce_s = 0.1 }

[handlers.notify]
urls = ["json://user:hunter2@127.0.0.1:1/x?token=hunter3"]   # hunter4

[handlers.mine]
password = "hunter5"
colours = [1, 2]   # a handler of my own

[handlers.record]
camera = "rtsp://user:hunter6@127.0.0.1:1/user=a_password=hunter7"

[handlers.light]
enabled = false

[handlers.bark]
speaker = "simulated"
sound = "gong"

# [handlers.speak]
# enabled = true
"""
MINE = '@handler("doorbell.pressed")\ndef mine(event: Event, config: Config): ...\n'


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A file of somebody who has set up much already; gives the file."""
    path = tmp_path / "doorbell.toml"
    path.write_text(HOUSE, encoding="utf-8")
    path.chmod(0o640)
    (tmp_path / "handlers").mkdir()
    body = "class Config(HandlerConfig):\n    password: str = ''\n    colours: list[int] = []\n\n"
    (tmp_path / "handlers" / "mine.py").write_text(
        f"from hub import Event, HandlerConfig, handler\n\n{body}{MINE}"
    )
    return path


def _files(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """All that is there, but for what Python leaves."""
    return {
        str(path): (path.read_bytes(), path.stat().st_mode, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def test_a_newcomer_sets_up_everything(tmp_path: Path):
    """From no file to one without faults; there was a picture, and the phone got a message."""
    path = tmp_path / "own" / "doorbell.toml"
    with phone_service() as phone, Person(tmp_path, "setup", "--config", str(path)) as person:
        person.sees("a new file")
        person.answers(
            ("What do you call it? [Front door", "Garden gate"), ("longitude [none", "52.52, 13.40")
        )
        person.answers(("gpio or simulated", "simulated"), ("none", "test"))
        picture = Path(person.sees("It is in ", "\n").rpartition(" ")[2].strip())
        assert picture.read_bytes()[:3] == b"\xff\xd8\xff"
        assert stat.S_IMODE(picture.parent.stat().st_mode) == 0o700
        person.answers(
            ("look right?", "y"), ("Number, or none", "simulated"), ("Sound [bark", "ding-dong")
        )
        assert not picture.exists()
        (topic,) = set(re.findall(r"door-[a-z0-9]{16}", person.sees("URL")))
        person.answers((f" [ntfy://ntfy.sh/{topic}", phone.url), ("test message to json://…", ""))
        person.answers(
            ("Did it arrive?", "y"), ("Lamp [none", "zigbee2mqtt:porch"), ("When: night", "")
        )
        person.answers(("Quiet from [22:00", ""), ("Quiet until [07:00", "6.30"))
        person.answers(("Address, or none [none", ""), ("house, here or none [house", ""))
        shown = person.sees("finds no fault in it", "Write it? [y]: ")
        person.types()
        person.sees("is written.", f"Now: doorbell run --config {path}")
        assert person.leaves() == 0
        assert [one["message"] for one in phone.told] == [
            "It works: this is where your doorbell will ring"
        ]
    assert tomllib.loads(path.read_text(encoding="utf-8")) == {
        "doors": {"garden_gate": {"name": "Garden gate", "button": {"driver": "simulated"}}},
        "house": {"latitude": 52.52, "longitude": 13.4},
        "handlers": {
            "record": {"camera": "test"},
            "bark": {"speaker": "simulated", "sound": "ding-dong"},
            "notify": {"urls": [phone.url]},
            "light": {"lamp": "zigbee2mqtt:porch"},
        },
        "quiet": tomllib.loads("begin = 22:00:00\nend = 06:30:00"),
        "web": {"page": True, "listen": "0.0.0.0"},
    }
    assert phone.url not in shown
    assert 'urls = [\n      "********",' in shown
    checked = doorbell(tmp_path, "check", "--config", str(path))
    assert checked.returncode == 0, checked.stderr
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["doorbell.toml"]
    assert list(person.tmp.iterdir()) == []


def test_who_skips_everything_has_a_house_without_anything(tmp_path: Path):
    """No test pattern, and no lamp without a place: the house can run."""
    with Person(tmp_path, "setup", "--config", "doorbell.toml") as person:
        for _ in range(10):
            assert person.asked()
            person.types("s")
        person.answers(("Write it? [y", ""))
        assert person.leaves() == 0
    table = tomllib.loads((tmp_path / "doorbell.toml").read_text(encoding="utf-8"))
    assert table == {"handlers": {"record": {"enabled": False}, "light": {"enabled": False}}}
    assert doorbell(tmp_path, "check").returncode == 0


def test_run_again_it_proposes_what_is_set(house: Path, tmp_path: Path):
    """Enter at everything changes nothing, and no secret is shown."""
    before = _files(tmp_path)
    with Person(tmp_path, "setup") as person:
        person.answers(
            ("call it? [Back gate", ""), ("longitude [48.1, 11.5", ""), ("simulated [simulated", "")
        )
        person.sees("as now: rtsp://127.0.0.1…")
        person.answers(
            ("none [1", ""), ("Take this camera all the same? [y", ""), ("Number, or none", "")
        )
        person.answers(
            ("Sound [gong", ""), ("URL [as now", ""), ("test message to json://…? [y", "")
        )
        person.sees("✗ ")
        person.answers(("all the same? [y", ""), ("Lamp [none", ""), ("Quiet from [none", ""))
        person.answers(("Address, or none [none", ""), ("house, here or none [none", ""))
        person.sees("there is nothing to write")
        assert person.leaves() == 0
    assert _files(tmp_path) == before
    assert "hunter" not in person.seen


def test_what_is_switched_off_stays_off(house: Path, tmp_path: Path):
    """Enter does not switch it on again, though it is still known what it was."""
    off = [f"[handlers.{name}]\n" for name in ("notify", "record", "bark")]
    for table in off:
        house.write_text(
            house.read_text(encoding="utf-8").replace(table, f"{table}enabled = false\n")
        )
    before = _files(tmp_path)
    with Person(tmp_path, "setup") as person:
        person.answers(("call it?", ""), ("longitude", ""), ("gpio or simulated", ""))
        person.answers(
            ("none [none", ""),
            ("none [none", ""),
            ("URL [none", ""),
            ("Lamp [none", ""),
            ("from [none", ""),
            ("Address, or none [none", ""),
            ("Page: house, here or none [none", ""),
        )
        person.sees("there is nothing to write")
    assert _files(tmp_path) == before


def test_what_was_switched_off_is_on_again_when_it_is_chosen(house: Path, tmp_path: Path):
    """Choosing it is enough."""
    house.write_text(
        HOUSE.replace("[handlers.bark]\n", "[handlers.bark]\nenabled = false\n"), encoding="utf-8"
    )
    with Person(tmp_path, "setup") as person:
        for _ in range(4):
            assert person.asked()
            person.types("s")
        person.answers(("none [none", "simulated"), ("Sound [gong", "ding"))
        for _ in range(5):
            assert person.asked()
            person.types("s")
        person.answers(("Write it?", "y"))
        assert person.leaves() == 0
    assert house.read_text(encoding="utf-8") == HOUSE.replace('"gong"', '"ding"')


def test_what_is_not_asked_about_stays(house: Path, tmp_path: Path):
    """Comments, keys and tables; owner and mode; and the file before is kept."""
    with Person(tmp_path, "setup") as person:
        person.answers(
            ("call it?", "Back gate, left"),
            ("longitude", "none"),
            ("gpio or simulated", ""),
            ("none [", "s"),
        )
        person.answers(
            ("Number, or none", "none"), ("URL", "none"), ("Lamp", "s"), ("Quiet from", "21")
        )
        person.answers(("Quiet until", ""), ("Address", ""), ("Page:", ""), ("Write it?", ""))
        person.sees(f"the one before is {house}.before")
        assert person.leaves() == 0
    expected = HOUSE.replace('"Back gate" ', '"Back gate, left" ')
    expected = expected.replace("latitude = 48.1\nlongitude = 11.5\n", "")
    expected = expected.replace("[handlers.notify]\n", "[handlers.notify]\nenabled = false\n")
    expected = expected.replace("[handlers.bark]\n", "[handlers.bark]\nenabled = false\n")
    written = house.read_text(encoding="utf-8")
    assert written.startswith(expected)
    assert written[len(expected) :].split() == [
        "[quiet]",
        "begin",
        "=",
        "21:00:00",
        "end",
        "=",
        "07:00:00",
    ]
    before = house.with_name("doorbell.toml.before")
    assert before.read_text(encoding="utf-8") == HOUSE
    assert [stat.S_IMODE(one.stat().st_mode) for one in (house, before)] == [0o640, 0o640]
    assert "hunter" not in person.seen


BUTTON = (
    ("What do you call it?", "Other"),
    ("Latitude", ""),
    ("gpio or simulated", "gpio"),
    ("Pin", "22"),
)
UNTRIED = (*BUTTON, ("Enter ends the test.", ""), ("Try again?", "n"))
SILENT = (
    *UNTRIED,
    ("pattern) or none", "none"),
    ("Number, or none", "simulated"),
    ("Sound", ""),
    ("URL", "PHONE"),
)
TOLD = (
    *SILENT,
    ("test message", "y"),
    ("Did it arrive?", "y"),
    ("Lamp", "wled:x"),
    ("When", ""),
    ("Quiet from", "20"),
)
WHOLE = (*TOLD, ("Quiet until", ""), ("Address", ""), ("Page:", ""), ("Write it?", ""))
WATCHED = (*UNTRIED, ("pattern) or none", "test"), ("look right?", ""))


@pytest.mark.parametrize(
    "route",
    [*(WHOLE[: n + 1] for n in range(len(WHOLE))), WATCHED],
    ids=lambda route: route[-1][0].strip("?.").replace(" ", "-").lower(),
)
def test_ctrl_c_at_any_question_changes_nothing(
    house: Path, tmp_path: Path, route: tuple[tuple[str, str], ...]
):
    """Nothing is left behind. Ctrl-D does the same."""
    os.mkfifo(tmp_path / "pins")
    before = _files(tmp_path)
    with (
        phone_service() as phone,
        Person(
            tmp_path, "setup", GPIOZERO_PIN_FACTORY="mock", SETUP_PINS=str(tmp_path / "pins")
        ) as person,
    ):
        for question, answer in (*route[:-1], (route[-1][0], None)):
            is_test = question.endswith("test.")
            person.sees(question, *(() if is_test else ("]: ",)))
            if answer is not None:
                person.types(answer.replace("PHONE", phone.url))
        person.insists(CTRL_C if is_test or len(route) % 2 else CTRL_D, "Nothing was changed.")
        assert person.leaves() == 130
    assert _files(tmp_path) == before
    assert list(person.tmp.iterdir()) == []


def test_what_cannot_be_is_asked_again_with_the_reason(tmp_path: Path):
    """Each question is repeated until its answer is valid."""
    with Person(tmp_path, "setup", "--config", "doorbell.toml") as person:
        for question, answer, reason in (
            ("call it?", "x" * 61, "at most 60 letters"),
            ("call it?", "", "2 of 10"),
            ("longitude", "here", "write two numbers"),
            ("longitude", "91, 10", "latitude: must be at most 90."),
            ("longitude", "", "3 of 10"),
            ("gpio or simulated", "usb", "'usb': write gpio or simulated"),
            ("gpio or simulated", "gpio", "BCM"),
            ("Pin [17", "two", "not a GPIO pin"),
            ("Pin [17", "28", "not a GPIO pin"),
            ("Pin [17", "2", "GPIO 2 is taken: I2C"),
            ("Pin [17", "s", "4 of 10"),
            ("none", "/dev/video99", "there is no such device"),
            ("none", "none", "5 of 10"),
            ("Number, or none", "77", "there is no number 77"),
            ("Number, or none", "simulated", "Sounds: bark"),
            ("Sound", "moo", "'moo': no sound."),
            ("Sound", "ding", "6 of 10"),
            ("URL", "foo://hunter2", "this is not a notification service"),
            ("URL", "NTFY", "test message to ntfy://…? "),
            ("", "n", "7 of 10"),
            ("Lamp", "candle", "'candle': not a lamp"),
            ("Lamp", "mqtt:porch", "write the table [handlers.light.mqtt_lamps.porch] first"),
            ("Lamp", "gpio:14", "GPIO 14 is taken: the serial console"),
            ("Lamp", "wled:porch", ""),
            (
                "When: hours or always (night needs the place)",
                "night",
                "'night': write hours or always",
            ),
            ("When", "hours", ""),
            ("From [17:00", "25", "not a time of day"),
            ("From [17:00", "", ""),
            ("Until [07:00", "", "8 of 10"),
            ("Quiet from", "99:99", "not a time of day"),
            ("Quiet from", "22", ""),
            ("Quiet until", "22:00", "another time than 22:00"),
            ("Quiet until", "", "9 of 10"),
            ("Address", "http://broker", "not the address of a broker. Write mqtt://"),
            ("Address", "broker:0", "its port must be a number from 1 to 65535"),
            ("Address", "", "10 of 10"),
            ("Page", "all", "'all': write house, here or none"),
            ("Page", "here", "This will be in"),
            ("Write it?", "maybe", "write y for yes or n for no"),
            ("Write it?", "n", "Nothing was changed."),
        ):
            person.answers((question, answer))
            person.sees(reason)
        assert person.leaves() == 0
    assert not (tmp_path / "doorbell.toml").exists()


def test_what_is_wrong_is_told_before_it_is_written(house: Path, tmp_path: Path):
    """In the words of `doorbell check`; then Enter does not write it."""
    house.write_text(HOUSE + "[handlers.barc]\n", encoding="utf-8")
    before = _files(tmp_path)
    with Person(tmp_path, "setup") as person:
        person.answers(("call it?", "Other"))
        for _ in range(9):
            assert person.asked()
            person.types("s")
        person.sees(
            "✗ doorbell.toml: [handlers.barc]: there is no handler file barc.py. "
            "Did you mean [handlers.bark]?"
        )
        person.answers(("Write it all the same? [n", ""))
        person.sees("Nothing was changed.")
        assert person.leaves() == 0
    assert "hunter" not in person.seen
    assert _files(tmp_path) == before


def test_a_handler_file_that_ends_its_process_does_not_end_the_setup(house: Path, tmp_path: Path):
    """It is told with the other faults, and what was answered can still be written."""
    (tmp_path / "handlers" / "end.py").write_text("import os\nos._exit(3)\n")
    with Person(tmp_path, "setup") as person:
        person.answers(("call it?", "Other"))
        for _ in range(9):
            assert person.asked()
            person.types("s")
        person.sees("✗ end.py: its code has ended the process that loads it (exit status 3)")
        person.answers(("Write it all the same? [n", "y"))
        person.sees("is written")
        assert person.leaves() == 0
    assert tomllib.loads(house.read_text())["doors"]["back"]["name"] == "Other"


def test_a_real_ntfy_server_is_told(tmp_path: Path):
    """It gets the message as from `notify`."""
    if not (program := ntfy_program("trixie")):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "NTFY names no folder with ntfy in it: .ci/get-ntfy"
        )
    with (
        ntfy_server(program, tmp_path) as server,
        Person(tmp_path, "setup", "--config", "doorbell.toml") as person,
    ):
        for _ in range(5):
            assert person.asked()
            person.types("s")
        person.answers(
            ("URL", f"{server.url}/door"), ("test message to ntfy://…", ""), ("Did it arrive?", "y")
        )
        assert [one["title"] for one in server.messages()] == ["Doorbell"]
        assert person.asked() == "Lamp"


def test_without_a_terminal_it_says_so(tmp_path: Path):
    """It names the way, and ends with 2."""
    done = forked.run("hub.cli.main", "setup")
    assert done.returncode == 2
    assert "ssh -t HOST sudo doorbell setup" in done.stderr


def test_a_file_that_cannot_be_written_is_told_before_anything_is_asked(
    house: Path, tmp_path: Path
):
    """The text says what to do. Only a read-only file system stops root."""
    prefix = ()
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root, and no setpriv")
        prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
    tmp_path.joinpath("closed").mkdir()
    closed = shutil.copy(house, tmp_path / "closed" / "doorbell.toml")
    closed.parent.chmod(0o500)
    with Person(tmp_path, "setup", "--config", str(closed), prefix=prefix) as person:
        assert person.leaves() == 1
    closed.parent.chmod(0o700)
    who = (
        "Is its folder read-only?"
        if os.geteuid() == 0
        else f"sudo doorbell setup --config {closed}"
    )
    assert f"✗ {closed} cannot be written" in person.seen
    assert who in person.seen
    assert "]: " not in person.seen


def test_what_is_typed_too_early_is_no_answer(tmp_path: Path):
    """Enter during the picture does not mean that it looks right."""
    with Person(tmp_path, "setup", "--config", "doorbell.toml") as person:
        for _ in range(3):
            assert person.asked()
            person.types("s")
        person.answers(("none", "test"))
        person.sees("Taking a picture")
        person.types("y")
        person.sees("look right? [y]: ")
        person.types("n")
        person.answers(("Try again, or choose another?", "n"))
        person.sees("5 of 10")


def test_a_connection_that_breaks_is_a_ctrl_c(house: Path, tmp_path: Path):
    """Nothing is written, and no picture stays behind."""
    before = _files(tmp_path)
    with Person(tmp_path, "setup") as person:
        for _ in range(3):
            assert person.asked()
            person.types("s")
        person.answers(("none", "test"))
        person.sees("look right? [y]: ")
        assert list(person.tmp.iterdir())
        person.hangs_up()
    assert _files(tmp_path) == before
    assert list(person.tmp.iterdir()) == []


def test_while_record_has_the_camera_its_last_picture_is_shown(tmp_path: Path):
    """A copy of the newest one, with its time."""
    film = tmp_path / "film"
    media = tmp_path / "state" / "media"
    media.mkdir(parents=True)
    for age_s, name in (
        (7200, "20261101-100000-front-aaaaaa.jpg"),
        (60, "20261101-120000-front-bbbbbb.jpg"),
    ):
        (media / name).write_bytes(b"\xff\xd8\xff" + name.encode())
        os.utime(media / name, (time.time() - age_s,) * 2)
    (tmp_path / "doorbell.toml").write_text(
        f'state_dir = "state"\n[handlers.record]\ncamera = "{film}"\n'
        "[handlers.light]\nenabled = false\n"
    )
    film.write_bytes(b"no film")  # it opens as a camera that somebody else has: not at all
    with Person(tmp_path, "setup") as person:
        for _ in range(3):
            assert person.asked()
            person.types("s")
        person.answers(("none", ""))
        person.sees(
            "✗ ",
            "If `record` is running, it has the camera.",
            "Its last picture is of ",
            "It is in ",
        )
        picture = Path(person.sees("\n").strip())
        assert picture.read_bytes().endswith(b"bbbbbb.jpg")
        assert person.asked() == "Take this camera all the same?"


def test_over_ssh_under_sudo_the_address_is_that_of_the_connection(tmp_path: Path):
    """The variable that sudo hides is found in the environment of a process above."""
    connection = "SSH_CONNECTION=192.168.1.9 51000 192.168.1.20 22"
    shell = ("sh", "-c", 'env -u SSH_CONNECTION "$@"; exit $?', "sh")
    with Person(
        tmp_path, "setup", "--config", "x.toml", prefix=("env", connection, *shell), SUDO_USER="pi"
    ) as person:
        for _ in range(3):
            assert person.asked()
            person.types("s")
        person.answers(("none", "test"))
        person.sees("On your own computer, in another terminal:", "scp pi@192.168.1.20:/")


def test_the_other_commands_do_not_wait_for_it():
    """What only the steps need is loaded by `doorbell setup` alone, and most of it in its step."""
    others = ("tomlkit", "apprise", "av", "readline", "miniaudio", "gpiozero")
    code = "import sys, {}; print([m for m in {!r} if m in sys.modules])"
    for module, absent in (
        ("hub.cli.main", (*others, "hub.admin.setup.steps")),
        ("hub.admin.setup.steps", others),
    ):
        command = [sys.executable, "-c", code.format(module, absent)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stdout == "[]\n", done.stderr
