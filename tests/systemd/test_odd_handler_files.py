"""One odd handler file stops only itself: `handlers sync` runs as root, and reads them all."""

import itertools
import os
from pathlib import Path

import pytest

from config import Settings
from config.reading import sources
from hub.admin.install.handlers import look
from hub.plugin import loader
from hub.plugin.files import handler_source
from tests.systemd.test_handlers_sync import Pi

LARGE = handler_source.LARGEST + 1
BOMBS = {
    "brackets": "[" * 10_000 + "]" * 10_000,
    "signs": "-" * 100_000 + "1",
    "sum": "1" + "+1" * 20_000,
    "calls": "a" + "()" * 20_000,
}


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    """A Pi with a handler that is as it should be."""
    pi = Pi(tmp_path)
    pi.save("good")
    return pi


def started(orders: list[str]) -> set[str]:
    """The handlers of the user's own that were started."""
    names = {word for order in orders for word in order.split()[2:]}
    names = {name.removeprefix("doorbell-handler@").removesuffix(".service") for name in names}
    return names - set(loader.SHIPPED_NAMES)


def test_what_is_no_file_is_told_and_left_out(pi: Pi):
    """A FIFO, a device, a folder, a link to itself, a huge file, a name of several lines."""
    os.mkfifo(pi.handlers / "pipe.py")
    (pi.handlers / "zero.py").symlink_to("/dev/zero")
    (pi.handlers / "folder.py").mkdir()
    (pi.handlers / "loop.py").symlink_to("loop.py")
    with (pi.handlers / "huge.py").open("wb") as huge:
        huge.truncate(1 << 40)
    (pi.handlers / "large.py").write_bytes(b"#" * LARGE)
    (pi.handlers / "a\nb.py").write_text("")
    (pi.handlers / os.fsdecode(b"c\xff.py")).write_text("")
    assert started(pi.sync()) == {"good"}
    told = "\n".join(pi.said)
    for name in ("pipe", "zero", "folder", "loop"):
        assert f"{name}.py: cannot be a handler" in told
    assert "huge.py: cannot be a handler (larger than 1 MB)" in told
    assert "large.py: cannot be a handler (larger than 1 MB)" in told
    assert "a\nb.py: not a handler's name" in told
    assert {path.name for path in pi.passwords.glob("handler-[a-h]*")} & {
        "handler-good",
        "handler-a\nb",
    } == {"handler-good"}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_no_parser_takes_stops_only_itself(pi: Pi, name: str):
    """It is started, and its own process says what is wrong with it."""
    pi.save("bomb", BOMBS[name])
    assert started(pi.sync()) == {"good", "bomb"}


def test_a_file_that_never_holds_still_stops_only_itself(pi: Pi, monkeypatch: pytest.MonkeyPatch):
    """Something writes to it all the time; the others are started."""
    monkeypatch.setattr(look, "SETTLE_S", 0.001)
    load = sources.load
    numbers = itertools.count()

    def load_and_save(path: Path) -> Settings:
        pi.save("restless", f"# {next(numbers)}")
        return load(path)

    monkeypatch.setattr(look.sources, "load", load_and_save)
    assert started(pi.sync()) == {"good"}
    assert any("restless.py: changes all the time" in line for line in pi.said)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root reads what others may not: sudo")
def test_root_reads_no_file_through_another_users_link(pi: Pi, tmp_path: Path):
    """A link of a user leads to files of the same user; root's own links lead anywhere."""
    secret = tmp_path / "secret"
    secret.write_text("# a secret")
    own = tmp_path / "own"
    own.write_text("# of nobody")
    os.chown(own, 65534, 65534)
    for name, target in {"evil": secret, "own": own, "ours": secret}.items():
        (pi.handlers / f"{name}.py").symlink_to(target)
        if name != "ours":
            os.chown(pi.handlers / f"{name}.py", 65534, 65534, follow_symlinks=False)
    assert started(pi.sync()) == {"good", "own", "ours"}
    assert any("evil.py: cannot be a handler (a link" in line for line in pi.said)
