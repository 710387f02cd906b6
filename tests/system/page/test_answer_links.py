"""Answer links with real processes on a real broker."""

import http.client
import json
import re
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.wire.event import uuid7
from hub.wire.tokens.answer_token import Signer, issue
from hub.wire.tokens.house_key import KEY_FILE
from tests.forked import PATIENCE_S
from tests.house import ROOT, House, free_port, until
from tests.servers.secured import Person, SecuredHouse, secured_mosquitto

# A handler that gives us the links, as `notify` gives them to a phone.
LINKS = """
import json
with open({path!r}, "w") as file:
    json.dump([[one.answer, one.url] for one in answers.links(event, by="anna")], file)
done(event)
"""


# `doorbell run` in a house without handlers: changed settings start all processes again.
RUN_ALONE = """
from pathlib import Path
from hub.cli.main import main
from hub.plugin import loader
loader.SHIPPED = Path("/nowhere")
main()
"""
DYING = {
    "heard, not written": "before:hub.producer.producer:Producer.publish:1~visitor.answered",
    "written, not committed": "after:hub.store.journal.journal:Journal.append:1~visitor.answered",
    "committed, not published": "before:hub.mqtt.bus:Bus.publish:1~event/visitor/answered",
    "published": "after:hub.mqtt.bus:Bus.publish:1~event/visitor/answered",
}


class Phone:
    """Follows links."""

    def __init__(self, port):
        self.port = port

    def ask(self, method, url, accept="*/*", body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        path = re.sub(r"^https?://[^/]*/bell", "", url)
        connection.request(method, path, body, {"Accept": accept} | headers)
        answer = connection.getresponse()
        said = answer.status, answer.headers, answer.read().decode()
        connection.close()
        return said


def _with_web(house):
    phone = Phone(free_port())
    house.settings = f'[web]\nurl = "https://door.example/bell"\nport = {phone.port}\n'
    house.write_handler("ask", LINKS.format(path=str(house.folder / "links.json")))
    return phone


def _links(house):
    press = house.press()
    house.wait_outcome(press, "ask")
    return press, dict(json.loads((house.folder / "links.json").read_text(encoding="utf-8")))


def _answers(house):
    return house.ears.events("visitor.answered")


def _heard(house, count):
    """What the ears have heard, when they have heard so many."""
    until(
        lambda: len(_answers(house)) >= count,
        lambda: f"{count} answers are heard: {_answers(house)}",
    )
    return _answers(house)


def _press_the_button(phone, url):
    """Repeat it until the hub has taken it; it is one event all the same."""
    return until(
        lambda: (found := phone.ask("POST", url))[0] == 200 and found, "the answer is taken"
    )


@pytest.fixture
def house(mosquitto, tmp_path):
    with House(tmp_path / "house", mosquitto) as house:
        yield house


@pytest.fixture
def secured(mosquitto_program, tmp_path):
    with secured_mosquitto(mosquitto_program, tmp_path, ["handler-ask", "web-home"]) as broker:
        yield broker


def test_a_link_is_an_answer_and_following_it_twice_is_one(house):
    """From the press to the phone and back: one event, caused by the press. A look is no answer."""
    phone = _with_web(house)
    house.start("hub", "ask", "web")
    press, links = _links(house)
    status, headers, page = phone.ask("GET", links["leave_it"], "text/html")
    assert (status, _answers(house)) == (200, [])
    assert "<button>Leave it at the door</button>" in page
    assert headers["server"] is None
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    said = json.loads(_press_the_button(phone, links["leave_it"])[2])
    again = json.loads(_press_the_button(phone, links["leave_it"])[2])
    assert said == again
    (event,) = _heard(house, 1)
    assert (event["id"], event["causationid"], event["subject"]) == (said["event"], press, "front")
    assert event["data"] == {
        "name": "Front door",
        "via": "link",
        "answer": "leave_it",
        "by": "anna",
        "press": press,
        "late": False,
    }
    _press_the_button(phone, links["coming"])
    assert [event["data"]["answer"] for event in _heard(house, 2)] == ["leave_it", "coming"]
    assert links["leave_it"].rpartition("/")[2][:40] not in house.log("web")


def test_links_survive_every_restart_and_without_a_hub_it_says_so(house):
    """The key is made once, for its owner; without a hub it is 503, and the link works later."""
    phone = _with_web(house)
    house.start("hub", "ask", "web")
    _, links = _links(house)
    key = house.state_dir / KEY_FILE
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    house.kill("hub")
    house.kill("web")
    house.start("web")
    status, _, body = phone.ask("POST", links["coming"])
    assert (status, json.loads(body)["ok"], _answers(house)) == (503, False, [])
    house.start("hub")
    _press_the_button(phone, links["coming"])
    assert len(_heard(house, 1)) == 1
    assert key.read_text().strip() not in house.log("web") + house.log("hub") + house.log("ask")


@pytest.mark.parametrize("step", DYING)
def test_a_hub_that_dies_over_an_answer_says_it_once(house, step):
    """Killed around write and publish: the phone sees the truth, and it is one event."""
    phone = _with_web(house)
    house.start("hub", "ask", "web")
    _, links = _links(house)
    house.kill("hub")
    house.start("hub", doom=DYING[step])
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(phone.ask, "POST", links["coming"]) for _ in range(5)]
        until(lambda: not house.is_running("hub"), "the hub dies")
        house.processes.pop("hub")
        house.start("hub")
        assert {answer.result()[0] for answer in answers} <= {200, 503}
    _press_the_button(phone, links["coming"])
    (said,) = _heard(house, 1)
    assert said["data"]["answer"] == "coming"
    assert said["sequence"] == "0000000000000001"


def test_what_is_no_good_link_answers_nothing(house):
    """Forged and expired, over the wire; and a server that is fed rubbish goes on."""
    phone = _with_web(house)
    house.settings += "expire_s = 60\n"
    house.start("hub", "ask", "web")
    press, links = _links(house)
    token = issue("home", "front", press, "coming", "anna")
    forged = Signer("another key, which is long enough too").sign(token)
    assert phone.ask("POST", f"/a/{forged}")[0] == 403
    serializer = Signer((house.state_dir / KEY_FILE).read_text().strip())._signer._serializer
    signer = serializer.make_signer(serializer.salt)
    signer.get_timestamp = lambda: 1_000_000_000
    old = signer.sign(serializer.dump_payload(token)).decode()
    assert phone.ask("POST", f"/a/{old}")[0] == 410
    assert phone.ask("POST", links["coming"], body="x" * 5000)[0] == 413
    assert phone.ask("GET", "/a/" + "x" * 60_000)[0] in (400, 403)
    assert phone.ask("DELETE", links["coming"])[0] == 405
    assert _answers(house) == []
    _press_the_button(phone, links["coming"])


def test_its_status_tells_how_it_is(house):
    """Ready when phones can come, offline when it ended; a taken port is reported and ends it."""
    _with_web(house)
    house.start("web")
    taken = house.processes["web"]
    house.start("web", wait=False)
    second = house.processes["web"]
    assert second.wait(PATIENCE_S) == 75
    assert "[web] cannot listen on 127.0.0.1 port" in house.log("web")
    house.processes["web"] = taken
    house.kill("web", 15)
    until(lambda: house.statuses("web", "offline"), "it says good-bye")
    assert house.statuses("web", "offline")[-1]["reason"] == "stopped"
    assert taken.returncode == 0


def test_without_an_address_there_are_no_links_and_it_runs(house):
    """Only links need the public address; without one it serves everything else."""
    phone = Phone(free_port())
    house.settings = f"[web]\nport = {phone.port}\n"
    house.start("web")
    assert phone.ask("GET", "/a/x")[0] == 403


def test_an_answer_goes_through_the_acl(secured, tmp_path):
    """Each process as its own user over TLS, and `doorbell answer` as `cli`."""
    with SecuredHouse(tmp_path / "house", secured) as house:
        phone = _with_web(house)
        house.start("hub", "ask", "web")
        _, links = _links(house)
        _press_the_button(phone, links["coming"])
        command = [
            sys.executable,
            "-m",
            "hub.cli.main",
            "answer",
            "front",
            "Leave",
            "it",
            "--by",
            "bob",
        ]
        done = subprocess.run(
            [*command, "--config", str(house.config)],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert "Front door was answered (leave_it)" in done.stdout, done.stderr
        command[4:] = ["front", "I am in the garden"]
        subprocess.run(
            [*command, "--config", str(house.config)], capture_output=True, check=True, cwd=ROOT
        )
        given = [
            (event["data"]["via"], event["data"]["answer"], event["data"]["by"])
            for event in _heard(house, 3)
        ]
        assert given[:2] == [("link", "coming", "anna"), ("command", "leave_it", "bob")]
        assert given[2] == ("command", "I am in the garden", "")
        for name in ("hub", "ask", "web"):
            assert "refuses" not in house.log(name)


def test_the_page_may_pass_on_what_its_people_want_and_nothing_else(secured):
    """It commands its own hub, and speaks for nobody else; a handler commands nothing."""
    people = {
        name: Person(secured, name) for name in ("web-home", "handler-ask", "cli", "hub-home")
    }
    web, ask = people["web-home"], people["handler-ask"]
    command = json.dumps({"id": uuid7(), "answer": "coming"})
    try:
        for topic in (
            "doorbell/web/home/command/drill/garden/front",
            "doorbell/web/home/command/press/garden/front",
            "doorbell/cli/1/command/press/home/front",
            "doorbell/hub/home/event/visitor/answered/front",
            "doorbell/web/home/event/visitor/answered/front",
            "doorbell/web/home/command/answer/garden/front",
            "doorbell/cli/1/command/answer/home/front",
        ):
            assert web.publish(topic, command).value == 0x87, topic
        for topic in (
            "doorbell/handler/ask/command/answer/home/front",
            "doorbell/handler/ask/command/press/home/front",
            "doorbell/web/home/command/answer/home/front",
        ):
            assert ask.publish(topic, command).value == 0x87, topic
        assert not web.publish("doorbell/web/home/command/answer/home/front", command).is_failure
        people["hub-home"].publish("doorbell/hub/home/event/doorbell/pressed/front", "pressed")
        people["hub-home"].publish("doorbell/hub/home/event/visitor/answered/front", "answered")
        until(lambda: len(web.heard) > 1, "the page hears that it was said")
        assert [load for _, load in web.heard] == [b"pressed", b"answered"]
        until(lambda: people["hub-home"].heard, "the hub hears the command")
        assert [topic for topic, _ in people["hub-home"].heard] == [
            "doorbell/web/home/command/answer/home/front"
        ]
    finally:
        for one in people.values():
            one.close()


def test_doorbell_run_serves_the_page_and_prints_an_address_that_logs_in(tmp_path):
    """`page = false` without a url ends it, and so does the end of all; it comes back with it."""
    port = free_port()
    config = tmp_path / "doorbell.toml"
    on = f'state_dir = "state"\n[broker]\nport = {free_port()}\n[web]\nport = {port}\n'
    config.write_text(on, "utf-8")
    command = [sys.executable, "-c", RUN_ALONE, "run", "--config", str(config)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            line = next(line for line in process.stdout if line.startswith("page "))
            address = re.match(rf"page http://127\.0\.0\.1:{port}(/login/[\w-]+) ", line)[1]
            phone = Phone(port)
            here = {"Origin": f"http://127.0.0.1:{port}"}
            status, headers, _ = phone.ask("POST", address, body="name=x", **here)
            assert (status, headers["location"]) == (303, "/")
            cookie = {"Cookie": headers["set-cookie"].partition(";")[0]}
            assert phone.ask("GET", "/phones", **cookie)[0] == 200
            assert phone.ask("POST", address, body="name=x", **here)[0] == 410
            config.write_text(f"{on}page = false\n", "utf-8")
            until(lambda: _status(port) is None, "the page is gone")
            config.write_text(f'{on}page = false\nurl = "http://127.0.0.1:{port}/a"\n', "utf-8")
            until(lambda: _status(port) == 403, "the links answer")
            assert phone.ask("GET", "/phones", **cookie)[0] == 404
            config.write_text(f"{on}# page\n", "utf-8")
            until(lambda: phone_status(phone, cookie) == 200, "the page is back, and who is in")
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)
    until(lambda: _status(port) is None, "it is gone")


def phone_status(phone, cookie):
    try:
        return phone.ask("GET", "/phones", **cookie)[0]
    except OSError:
        return None


def _status(port):
    try:
        return Phone(port).ask("GET", "/a/x")[0]
    except OSError:
        return None
