"""`doorbell install` and `uninstall`, on a machine that is a folder.

On a real system, with its real programs, they run in tests/rig.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hub.admin.install import drop_ins
from hub.admin.install.install import STEPS, InstallError, install
from hub.admin.install.machine import Machine
from hub.admin.install.orders import OrderError, order
from hub.admin.install.uninstall import uninstall


class Folder:
    """A machine's folders; its programs obey and remember."""

    def __init__(self, root: Path, *, booted: bool = True) -> None:
        self.root = root
        self.users: set[str] = {"audio", "video"}
        self.orders: list[str] = []
        self.said: list[str] = []
        self.fails = ""
        self.machine = Machine(root, self.order)
        (root / "etc/mosquitto/conf.d").mkdir(parents=True)
        if booted:
            (root / "run/systemd/system").mkdir(parents=True)
        (root / "opt/doorbell.20261123T120000/bin").mkdir(parents=True)
        (root / "opt/doorbell").symlink_to("doorbell.20261123T120000")

    def order(self, *command: str) -> str:
        said = " ".join(command).replace(str(self.root), "")
        self.orders.append(said)
        if self.fails and self.fails in said:
            raise OrderError(f"`{said}`: no")
        if command[0] == "getent" and command[2] not in self.users:
            raise OrderError("no such entry")
        if command[0] in {"useradd", "groupadd"}:
            self.users.add(command[-1])
        if command[0] in {"userdel", "groupdel"}:
            if command[-1] not in self.users:
                raise OrderError("no such user")
            self.users.remove(command[-1])
        return "active\n" if "ActiveState" in said else ""

    def install(self) -> list[str]:
        self.orders, self.said = [], []
        install(self.machine, self.said.append)
        return self.said

    def files(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(self.root)): path.read_bytes()
            for path in self.root.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def pi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr(shutil, "chown", lambda *_: None)  # this machine may know no user mosquitto
    return Folder(tmp_path)


def test_a_fresh_machine_gets_everything(pi: Folder):
    """User, settings, passwords, broker, units, command; then it is started."""
    assert [line.partition(":")[0] for line in pi.install()] == [title for title, _ in STEPS]
    assert "doorbell" in pi.users
    files = pi.files()
    assert "etc/doorbell/doorbell.toml" in files
    assert "etc/doorbell/broker/passwords/handler-notify" in files
    assert {
        "etc/mosquitto/doorbell/acl",
        "etc/mosquitto/doorbell/passwd",
        "etc/mosquitto/conf.d/doorbell.conf",
    } <= set(files)
    assert b"allow_anonymous false" in files["etc/mosquitto/conf.d/doorbell-users.conf"]
    assert "etc/systemd/system/doorbell-handler@record.service.d/camera.conf" in files
    assert not [name for name in files if "optional" in name]
    assert (pi.root / "usr/local/bin/doorbell").is_symlink()
    assert "chown root:doorbell /etc/doorbell/doorbell.toml" in pi.orders
    assert (pi.root / "etc/doorbell/doorbell.toml").stat().st_mode & 0o777 == 0o640
    assert pi.orders.index("systemctl enable doorbell.target") < pi.orders.index(
        "systemctl restart doorbell.target"
    )


def test_again_it_keeps_what_is_set(pi: Folder):
    """Settings, passwords and what a person added; a unit of ours that was changed is put back."""
    pi.install()
    pi.root.joinpath("etc/doorbell/doorbell.toml").write_text(
        'state_dir = "/var/lib/doorbell"\n'
        '[broker]\nhost = "localhost"\npassword_dir = "broker/passwords"\n',
        "utf-8",
    )
    mine = pi.root / "etc/systemd/system/doorbell-hub.service.d/override.conf"
    mine.parent.mkdir()
    mine.write_text("[Service]\nNice=-5\n")
    pi.root.joinpath("etc/systemd/system/doorbell-backup.service").write_text("[Unit]\n")
    pi.root.joinpath("etc/systemd/system/doorbell-hub.service").write_text("[Unit]\n")
    before = pi.files()
    said = pi.install()
    after = pi.files()
    assert "user: doorbell (kept)" in said
    assert "passwords: kept" in said
    assert "broker: mosquitto (kept)" in said
    assert "systemctl restart mosquitto.service" not in pi.orders
    assert {name for name in before if before[name] != after.get(name)} == {
        "etc/systemd/system/doorbell-hub.service",
        "etc/doorbell/broker/mosquitto/passwd",  # salted anew
        "etc/mosquitto/doorbell/passwd",
    }


@pytest.mark.parametrize(
    "program",
    [
        "useradd",
        "chown",
        "systemctl restart mosquitto",
        "systemctl enable doorbell",
        "systemctl restart doorbell",
    ],
)
def test_a_step_that_fails_says_so_and_the_next_run_goes_on(pi: Folder, program: str):
    """Whichever it is."""
    pi.fails = program
    with pytest.raises(
        InstallError, match=f"^({'|'.join(title for title, _ in STEPS)}): `{program}.*no"
    ):
        pi.install()
    pi.fails = ""
    assert [line.partition(":")[0] for line in pi.install()] == [title for title, _ in STEPS]


def test_faulty_settings_are_all_told(pi: Folder):
    """The user's file is not changed."""
    pi.install()
    path = pi.root / "etc/doorbell/doorbell.toml"
    path.write_text("hubb = 1\n[broker]\nporrt = 2\n", "utf-8")
    with pytest.raises(InstallError, match=r"^passwords: ") as error:
        pi.install()
    assert "hubb" in str(error.value)
    assert "porrt" in str(error.value)
    assert path.read_text("utf-8") == "hubb = 1\n[broker]\nporrt = 2\n"


@pytest.mark.parametrize(
    "rule", ["listener 1883", "allow_anonymous true", "password_file /etc/mosquitto/p"]
)
def test_a_mosquitto_with_rules_of_its_own_is_left_alone(pi: Folder, rule: str):
    """Ours would contradict them; the error names them, and what to do."""
    own = pi.root / "etc/mosquitto/conf.d/own.conf"
    own.write_text(f"# mine\n{rule}\n")
    with pytest.raises(
        InstallError, match=rf"own\.conf: {rule.split(maxsplit=1)[0]}.*username and password"
    ) as error:
        pi.install()
    assert str(pi.machine.settings) in str(error.value)
    assert not (pi.root / "etc/mosquitto/doorbell").exists()
    pi.root.joinpath("etc/doorbell/doorbell.toml").write_text(
        'state_dir = "/var/lib/doorbell"\n'
        '[broker]\nhost = "localhost"\nusername = "me"\npassword = "x"\n',
        "utf-8",
    )
    assert any("not set up from here" in line for line in pi.install())
    assert own.read_text() == f"# mine\n{rule}\n"


def test_a_hub_that_does_not_run_is_no_success(pi: Folder):
    """The error names the log to read."""
    pi.machine = Machine(
        pi.root, lambda *command: "failed\n" if "--value" in command else pi.order(*command)
    )
    with pytest.raises(InstallError, match=r"the hub is failed.*journalctl -u doorbell-hub"):
        pi.install()


def test_what_a_power_cut_left_empty_is_made_anew(pi: Folder):
    """Empty settings or passwords do not count as kept."""
    pi.install()
    password = pi.root / "etc/doorbell/broker/passwords/handler-notify"
    for path in (pi.root / "etc/doorbell/doorbell.toml", password):
        path.write_text("")
    pi.install()
    assert "password_dir" in pi.root.joinpath("etc/doorbell/doorbell.toml").read_text("utf-8")
    assert len(password.read_text("utf-8")) > 20


def test_an_update_brings_the_rights_of_before_up_to_date(pi: Folder):
    """The ACL of an earlier version; a user and a right that a person gave the broker are kept."""
    pi.install()
    broker = pi.root / "etc/mosquitto/doorbell"
    for folder in (broker, pi.root / "etc/doorbell/broker/mosquitto"):
        text = (folder / "acl").read_text("utf-8")
        before = re.sub(r"\nuser homeassistant\n(topic .*\n)+", "", text)
        before = re.sub(r"topic write homeassistant/.*\n", "", before)
        (folder / "acl").write_text(before, "utf-8")
        users = (folder / "passwd").read_text("utf-8")
        (folder / "passwd").write_text(re.sub(r"homeassistant:.*\n", "", users), "utf-8")
    (pi.root / "etc/doorbell/broker/passwords/homeassistant").unlink()
    with (broker / "acl").open("a", encoding="utf-8") as file:
        file.write("user zigbee2mqtt\ntopic readwrite zigbee2mqtt/#\n")
    with (broker / "passwd").open("a", encoding="utf-8") as file:
        file.write("zigbee2mqtt:$7$x\n")
    said = pi.install()
    assert "passwords: new ones for homeassistant" in said
    lost = [line for line in said if "no longer grants" in line]
    assert len(lost) == 1
    assert lost[0].startswith(f"broker: {broker}/acl no longer grants zigbee2mqtt: topic readwrite")
    now = (broker / "acl").read_text("utf-8")
    assert "topic write homeassistant/device/+/config\n" in now
    assert "topic write doorbell/cli/homeassistant/command/press/+/+\n" in now
    assert "topic readwrite zigbee2mqtt/#\n" in (broker / "acl.before").read_text("utf-8")
    assert "zigbee2mqtt:$7$x\n" in (broker / "passwd").read_text("utf-8")
    assert "systemctl try-reload-or-restart mosquitto.service" in pi.orders


def test_a_broker_that_was_opened_to_the_network_since_is_brought_up_to_date(pi: Folder):
    """A user's own listener is no contradiction; other users' rules are."""
    pi.install()
    own = pi.root / "etc/mosquitto/conf.d/lan.conf"
    own.write_text("listener 1883 0.0.0.0\n")
    assert "broker: mosquitto (kept)" in pi.install()
    own.write_text("listener 1883 0.0.0.0\nallow_anonymous true\n")
    with pytest.raises(InstallError, match="allow_anonymous"):
        pi.install()


def test_with_tls_the_rights_are_handed_over_too(pi: Folder):
    """With the broker's name in the settings, as in docs/security.md."""
    pi.install()
    path = pi.root / "etc/doorbell/doorbell.toml"
    path.write_text(path.read_text("utf-8").replace('"localhost"', '"doorbell.local"'), "utf-8")
    pi.root.joinpath("etc/doorbell/broker/acl.own").write_text("user mine\n", "utf-8")
    pi.install()
    assert "user mine" in pi.root.joinpath("etc/mosquitto/doorbell/acl").read_text("utf-8")


def test_in_an_image_it_waits_for_the_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An image is made without a running systemd."""
    monkeypatch.setattr(shutil, "chown", lambda *_: None)
    image = Folder(tmp_path, booted=False)
    assert image.install()[-1].startswith("start: at the next boot")
    assert [line for line in image.orders if line.startswith("systemctl")] == [
        "systemctl enable doorbell.target"
    ]


def test_uninstall_keeps_what_is_a_persons(pi: Folder):
    """Settings, state and own drop-ins stay; broker and system are as before."""
    pi.install()
    state = pi.root / "var/lib/doorbell/hub-home.db"
    state.write_text("books")
    mine = pi.root / "etc/systemd/system/doorbell-hub.service.d/override.conf"
    mine.parent.mkdir()
    mine.write_text("[Service]\n")
    login = pi.root / "etc/systemd/system/doorbell-web.service.d" / drop_ins.LOGIN
    login.parent.mkdir(exist_ok=True)
    login.write_text("[Service]\n")
    changed = pi.root / "etc/systemd/system/doorbell-handler@light.service.d"
    shutil.copytree(drop_ins.OPTIONAL / changed.name, changed, dirs_exist_ok=True)
    unchanged = pi.root / "etc/systemd/system/doorbell-hub.service.d"
    shutil.copytree(drop_ins.OPTIONAL / unchanged.name, unchanged, dirs_exist_ok=True)
    with (changed / "gpio.conf").open("a") as file:
        file.write("Nice=5\n")
    others = pi.root / "opt/doorbell.mine/keep"
    others.parent.mkdir()
    others.write_text("mine")
    pi.orders = []
    uninstall(pi.machine, pi.said.append, data=False)
    assert others.read_text() == "mine"
    shutil.rmtree(others.parent)
    left = set(pi.files())
    assert {
        "etc/doorbell/doorbell.toml",
        "var/lib/doorbell/hub-home.db",
        str(mine.relative_to(pi.root)),
    } <= left
    assert all(
        name.startswith(("etc/doorbell/", "var/lib/doorbell/"))
        or "override" in name
        or changed.name in name
        for name in left
    )
    assert any(changed.name in name for name in left)
    assert not list(pi.root.joinpath("opt").iterdir())
    assert not pi.root.joinpath("usr/local/bin/doorbell").is_symlink()
    assert "doorbell" in pi.users
    assert pi.orders.index("systemctl stop doorbell.target") < pi.orders.index(
        "systemctl daemon-reload"
    )
    uninstall(pi.machine, pi.said.append, data=False)  # again: nothing to complain of


def test_uninstall_with_data_leaves_nothing(pi: Folder):
    """No file is left, and no user."""
    pi.install()
    uninstall(pi.machine, pi.said.append, data=True)
    assert pi.files() == {}
    assert "doorbell" not in pi.users
    uninstall(pi.machine, pi.said.append, data=True)


@pytest.mark.parametrize("data", [False, True])
def test_where_nothing_is_installed_uninstall_says_so_and_does_nothing(
    tmp_path: Path, *, data: bool
):
    """It asks nothing either, and does not tell of folders that it keeps."""
    machine, said, asked = Machine(tmp_path, pytest.fail), [], []
    uninstall(machine, said.append, data=data, agree=asked.append)
    assert (said, asked) == (["nothing is installed here, so nothing was removed"], [])


def test_after_uninstall_the_data_can_still_be_removed(pi: Folder):
    """Without --data a second one tells what is kept; with it the user is asked first."""
    pi.install()
    uninstall(pi.machine, pi.said.append, data=False)
    before = pi.files()
    pi.said, asked = [], []
    uninstall(pi.machine, pi.said.append, data=False)
    folders = f"{pi.root}/etc/doorbell and {pi.root}/var/lib/doorbell"
    assert pi.said[:2] == ["nothing is installed here, so nothing was removed", f"kept: {folders}"]
    assert pi.files() == before
    uninstall(pi.machine, pi.said.append, data=True, agree=asked.append)
    assert (asked, pi.files()) == ([f"Everything in {folders} will be removed. Go on?"], {})


def test_a_user_who_does_not_agree_keeps_everything(pi: Folder):
    """Nothing is stopped either."""
    pi.install()
    before, pi.orders = pi.files(), []

    def refuse(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        uninstall(pi.machine, pi.said.append, data=True, agree=refuse)
    assert (pi.files(), pi.orders) == (before, [])


def test_uninstall_removes_folders_however_deep_they_are(pi: Folder):
    """A handler may put anything into its folder, and Python cannot call itself so often."""
    pi.install()
    folder = pi.root / "var/lib/doorbell/deep"
    for _ in range(1500):
        folder.mkdir()
        folder /= "d"
    try:
        uninstall(pi.machine, pi.said.append, data=True)
        assert not (pi.root / "var/lib/doorbell").exists()
    finally:  # pytest could not remove it either
        subprocess.run(["rm", "-rf", pi.root / "var/lib/doorbell"], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts disks")
def test_a_disk_that_is_mounted_for_the_state_is_emptied_and_stays(pi: Folder, tmp_path: Path):
    """It stays mounted, and everything else is removed."""
    pi.install()
    media = pi.root / "var/lib/doorbell/media"
    media.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "none", media], check=False).returncode:
        pytest.skip("no mounts in here")
    try:
        (media / "lost+found").mkdir()
        (media / "clip.mp4").write_text("clip")
        uninstall(pi.machine, pi.said.append, data=True)
        assert [path.name for path in media.iterdir()] == ["lost+found"]
        assert any(str(media) in line and "mounted" in line for line in pi.said)
        assert pi.files() == {}
    finally:
        subprocess.run(["umount", media], check=True)
    uninstall(pi.machine, pi.said.append, data=True)
    assert not (pi.root / "var/lib/doorbell").exists()


def test_a_machine_without_a_user_for_mosquitto_says_so(
    pi: Folder, monkeypatch: pytest.MonkeyPatch
):
    """Its mosquitto is not Debian's."""

    def unknown(*_: object) -> None:
        raise LookupError("no such user: 'mosquitto'")

    monkeypatch.setattr(shutil, "chown", unknown)
    with pytest.raises(
        InstallError, match=r"^broker: there is no user mosquitto here: apt-get install mosquitto"
    ):
        pi.install()


def test_a_state_folder_that_is_a_link_is_emptied(pi: Folder, tmp_path: Path):
    """Its disk may be larger than the card; the folder there may be used for other things."""
    far = tmp_path / "mnt" / "disk"
    far.mkdir(parents=True)
    (pi.root / "var/lib").mkdir(parents=True)
    (pi.root / "var/lib/doorbell").symlink_to(far)
    pi.install()
    (far / "hub-home.db").write_text("books")
    uninstall(pi.machine, pi.said.append, data=True)
    assert not list(far.iterdir())
    assert not (pi.root / "var/lib/doorbell").is_symlink()


def test_a_user_that_cannot_be_removed_is_told(pi: Folder):
    """One of its processes may still be running."""
    pi.install()
    pi.fails = "userdel"
    with pytest.raises(OrderError, match="userdel"):
        uninstall(pi.machine, pi.said.append, data=True)
    pi.fails = ""
    uninstall(pi.machine, pi.said.append, data=True)
    assert "doorbell" not in pi.users


def test_what_a_program_says_is_told():
    """With real programs: one that fails, and one that is not there."""
    assert order("echo", "hello") == "hello\n"
    with pytest.raises(OrderError, match=r"`ls /nowhere`: .*No such file"):
        order("ls", "/nowhere")
    with pytest.raises(OrderError, match="no program nobody-has-this here"):
        order("nobody-has-this")
