"""compose.yaml is complete, and each of its commands runs, outside of containers."""

import json
import os
import subprocess
import sys
import tomllib

import psycopg
import pytest
import yaml

from tests.house import ROOT, until

FILE = ROOT / "fleet" / "compose.yaml"
COMPOSE = yaml.safe_load(FILE.read_text())
SERVICES = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if "build" in service]
# Of https://github.com/compose-spec/compose-spec/blob/main/05-services.md
KEYS = {"image", "build", "command", "configs", "depends_on", "environment", "hostname", "restart"}
KEYS |= {"volumes"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_what_it_names(name):
    """An image or a Containerfile; other services, volumes and files that are there."""
    service = SERVICES[name]
    assert set(service) <= KEYS
    assert ("image" in service) != ("build" in service)
    assert set(service.get("depends_on", ())) <= set(SERVICES)
    assert (
        {one.partition(":")[0] for one in service["volumes"]} <= set(COMPOSE["volumes"])
        if "volumes" in service
        else True
    )
    assert {one["source"] for one in service.get("configs", ())} <= set(COMPOSE["configs"])
    if "build" in service:
        assert (FILE.parent / service["build"]["context"] / service["build"]["dockerfile"]).exists()


@pytest.mark.parametrize(
    "name", [name for name, one in COMPOSE["configs"].items() if "file" in one]
)
def test_a_configuration_is_there(name):
    """The files that the brokers get; the one in JSON is JSON."""
    path = FILE.parent / COMPOSE["configs"][name]["file"]
    assert path.exists()
    if path.suffix == ".json":
        houses = json.loads(path.read_text())
        assert {user["name"] for user in houses["users"]} == {
            one["user"] for one in houses["topic_permissions"]
        }


def test_every_command_is_one_that_runs_here():
    """The other services run as their images have it."""
    assert [name for name, service in SERVICES.items() if "command" in service] == OURS
    commands = [SERVICES[name]["command"] for name in OURS]
    assert {words[0] for words in commands} <= {*_scripts(), "sh"}


@pytest.mark.parametrize("name", ["Containerfile", "fleet/Containerfile"])
def test_a_containerfile_installs_what_is_there(name):
    """It copies the checkout, and its command is one of ours."""
    lines = (ROOT / name).read_text().splitlines()
    assert "COPY . ." in lines
    (command,) = [
        json.loads(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD ")
    ]
    assert command[0] in _scripts()


def _scripts():
    """Our commands, each with its module and function."""
    files = (ROOT / "pyproject.toml", ROOT / "fleet" / "pyproject.toml")
    return {
        name: target
        for path in files
        for name, target in tomllib.loads(path.read_text())["project"]["scripts"].items()
    }


def test_every_command_runs_and_presses_come_through(mosquitto, kafka, postgres, tmp_path):
    """From the visitor's press in the house to the counter's memory in the database."""
    places = {"kafka:9092": kafka.servers, "/opt/doorbell": str(ROOT)}
    places["postgresql://doorbell:doorbell@postgres/doorbell"] = postgres.url
    bin_dir = tmp_path / "bin"
    bin_dir.mkdir()
    for name, target in _scripts().items():
        module, _, function = target.partition(":")
        script = bin_dir / name
        script.write_text(f"#!{sys.executable}\nfrom {module} import {function}\n{function}()\n")
        script.chmod(0o755)
    processes = []
    for name in OURS:
        service = SERVICES[name]
        variables = {
            **os.environ,
            **service["environment"],
            "PATH": f"{bin_dir}:{os.environ['PATH']}",
        }
        variables |= {
            "DOORBELL_BROKER__HOST": "127.0.0.1",
            "DOORBELL_BROKER__PORT": str(mosquitto.port),
        }
        variables |= {
            "DOORBELL_STATE_DIR": str(tmp_path / "state"),
            "PYTHONPATH": f"{ROOT}:{ROOT / 'fleet'}",
        }
        command = service["command"]
        for place, here in places.items():
            command = [word.replace(place, here) for word in command]
        with (tmp_path / f"{name}.log").open("wb") as log:
            processes.append(
                subprocess.Popen(
                    command,
                    env=variables,
                    cwd=tmp_path,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def is_counted():
        with psycopg.connect(postgres.url) as db:
            if db.execute("SELECT to_regclass('doorbell.memory')").fetchone() == (None,):
                return False
            query = (
                "SELECT 1 FROM doorbell.memory"
                " WHERE grp = 'counter' AND house = 'cottage' AND key = 'front'"
            )
            return db.execute(query).fetchone()

    try:
        until(
            is_counted,
            lambda: "\n".join(
                f"{one.name}: {one.read_text()[-600:]}" for one in tmp_path.glob("*.log")
            ),
            180,
        )
        assert [name for name, one in zip(OURS, processes, strict=True) if one.poll()] == []
    finally:
        for process in processes:
            os.killpg(process.pid, 9)
            process.wait()
