"""Root does work in another user's folder as that user."""

import errno
import os
import signal
import subprocess
import sys
from unittest.mock import Mock

import pytest

from hub.system.files.folder_owner import in_child
from tests.forked import PATIENCE_S
from tests.processes import open_files

USER = 61184  # the first of systemd's dynamic users
TRY = f"""
import ctypes, os
from pathlib import Path
from hub.system.files import private_view
from hub.system.files.folder_owner import acting_for
c = private_view._c
assert c.unshare(0x20000) == 0
private_view._mount("none", Path("/"), None, 1 << 18 | 16384)
private_view._mount("tmpfs", Path("/var/lib"), "tmpfs", 0, "mode=0755")
real = Path("/var/lib/private/doorbell/hub")
real.mkdir(parents=True)
Path("/var/lib/private").chmod(0o700)
os.chown(real, {USER}, {USER})
real.chmod(0o700)
Path("/var/lib/house").mkdir()
Path("/var/lib/house/hub").symlink_to("../private/doorbell/hub")
Path("/var/lib/root-only").write_text("secret")
Path("/var/lib/root-only").chmod(0o600)
other = real.with_name("web")
other.mkdir()
os.chown(other, {USER}, {USER})
for _ in range(2):
    with acting_for(Path("/var/lib/house/hub")):
        assert os.geteuid() == {USER}
        assert not other.exists()
        Path("/var/lib/house/hub/file").write_text("its own")
        try:
            Path("/var/lib/root-only").read_text()
        except PermissionError:
            print("refused")
    assert os.geteuid() == 0
    assert other.exists()
assert Path("/var/lib/house/hub/file").stat().st_uid == {USER}
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root acts for others")
def test_root_gets_into_the_folder_of_a_dynamic_user_as_that_user():
    """Although /var/lib/private is closed to it. It gets to that folder alone."""
    done = subprocess.run(
        [sys.executable, "-c", TRY], capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    if "assert c.unshare" in done.stderr or "mount on" in done.stderr:
        pytest.skip("no mounts in here")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["refused", "refused"]


ENDED = """
import os, signal
from hub.system.files.folder_owner import in_child
from tests.processes import open_files
signal.signal(signal.SIGTERM, signal.default_int_handler)
os.register_at_fork(before=lambda: os.kill(os.getpid(), signal.SIGTERM))
try:
    in_child(lambda: 1, 30)
except KeyboardInterrupt:
    print("ended")
"""


def test_a_signal_while_it_forks_is_not_lost():
    """What a handler raises in a function that fork calls is ignored: `doorbell backup` went on."""
    command = [sys.executable, "-c", ENDED]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert (done.stdout, done.stderr) == ("ended\n", "")


def test_without_room_for_a_process_it_hears_signals_again(monkeypatch):
    """And leaves no file open."""
    monkeypatch.setattr(os, "fork", Mock(side_effect=OSError(errno.EAGAIN, "no more")))
    blocked, before = signal.pthread_sigmask(signal.SIG_BLOCK, []), open_files()
    with pytest.raises(OSError, match="no more"):
        in_child(lambda: 1, 30)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == blocked
    assert open_files() <= before
