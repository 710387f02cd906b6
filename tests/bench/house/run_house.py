"""The house under `doorbell run`, which forks its processes from one that is warmed up."""

from tests.bench.house.house import House
from tests.house import until
from tests.processes import command_line, of_session

OFF = "[handlers.visit]\nenabled = false\n[web]\npage = false\n"
RUN = "`doorbell run` itself"
SERVER = "the fork server"


class RunHouse(House):
    """As `House`, but `doorbell run` starts the processes, in its own order."""

    def start(self, *names: str, wait: bool = True) -> None:
        """Start the hub, these handlers, and no others."""
        text = self._config.read_text(encoding="utf-8")
        self._config.write_text(text.replace("[web]\n", OFF), encoding="utf-8")
        handlers = [name for name in names if name != "hub"]
        for name in handlers:
            self._checkout.put_handler(name, self._handlers, self.sightings)
        self._parts = {name: f"/{name}.py" for name in handlers}
        self._parts |= {"hub": "hub.daemon", SERVER: "hub.process.forking.server"}
        self._execute("run", self._checkout.run_command)
        if wait:
            until(lambda: all(map(self._is_ready, names)), lambda: self.log("run"))

    @property
    def pids(self) -> dict[str, int]:
        """Of all processes of the session that `doorbell run` leads."""
        leader = super().pids["run"]
        lines = {pid: command_line(pid) for pid in of_session(leader)}
        found = {
            name: pid
            for name, part in self._parts.items()
            for pid, line in lines.items()
            if part in line
        }
        return {**found, RUN: leader}

    def press(self, times: int = 1) -> float:
        """Press Enter; returns the time just before, by time.monotonic()."""
        return self._write_to("run", times)
