"""The example's shop: an order is placed once and deducted once, whatever is killed."""

import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import psycopg
import pytest

from fleet.tests.readers import make_topic, start
from tests.house import ROOT, free_port, until
from tests.needs import find_program, miss

ORDERS = 60
EXAMPLE = ROOT / "examples" / "orders"
SETTINGS = (
    '[handlers.documents]\ndatabase = "{documents}"\n'
    "[handlers.inventory.stock]\nbell = 100\ngong = 100\n"
)


class Shop:
    """All parts of the example, each a process that can be killed."""

    def __init__(self, house, kafka, postgres, documents):
        self.house, self.kafka, self.postgres = house, kafka, postgres
        self.documents, self.port = documents, free_port()
        self.topic = make_topic(kafka.servers, f"orders{self.port}")
        house.settings = SETTINGS.format(documents=documents)
        self.parts = {}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self, part):
        config = self.house.config
        log = self.house.folder / f"{part}.log"
        if part == "shop":
            module, options = "uvicorn", ["--app-dir", EXAMPLE, "shop:app", "--port", self.port]
        elif part == "relay":
            module = "doorbell_fleet.relay.command"
            options = ["order.placed", "--to", f"kafka://{self.kafka.servers}", "--topic"]
            options += [self.topic, "--house", "shop", "--config", config]
        else:
            module = "doorbell_fleet.group.command"
            options = [
                EXAMPLE / f"{part.rstrip('2')}.py",
                "--kafka",
                self.kafka.servers,
                "--topic",
                self.topic,
            ]
            options += ["--database", self.postgres.url, "--config", config, "--session-s", 2]
        variables = {"DOORBELL_CONFIG": str(config), "ORDERS_DATABASE": self.documents}
        self.parts[part] = start(module, *options, log=log, **variables)

    def kill(self, part):
        self.parts[part].kill()
        self.parts[part].wait()
        self.start(part)

    def order(self, key, sku="bell", count=1):
        """Place an order as a client does that wants it done: again, until there is an answer."""
        body = json.dumps({"sku": sku, "count": count}).encode()
        headers = {"content-type": "application/json", "idempotency-key": key}
        request = urllib.request.Request(f"{self.url}/orders", body, headers)

        def answer():
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    return response.status
            except urllib.error.HTTPError as refusal:
                return refusal.code
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                return None

        return until(answer, "an answer of the shop")

    def timeline(self, key):
        request = urllib.request.Request(
            f"{self.url}/orders/{key}", headers={"accept": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.load(response)

    def stock(self):
        query = "SELECT value FROM doorbell.memory WHERE grp = 'inventory' AND key = 'bell'"
        with psycopg.connect(self.postgres.url) as db:
            row = db.execute(query).fetchone()
        return int(row[0]) if row else None


@pytest.fixture
def documents(tmp_path):
    """A document store that speaks MongoDB's protocol."""
    program = Path(os.environ.get("FERRETDB", ".ferretdb")) / "ferretdb"
    if not program.exists():
        miss("FerretDB", ".ci/get-ferretdb .ferretdb (or set FERRETDB to the folder)")
    (tmp_path / "documents").mkdir()
    port = free_port()
    command = [program, f"127.0.0.1:{port}", str(tmp_path / "documents")]
    with (tmp_path / "ferretdb.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    yield f"mongodb://127.0.0.1:{port}/"
    process.kill()
    process.wait()


@pytest.fixture
def shop(house, kafka, postgres, documents):
    """The whole example."""
    shop = Shop(house, kafka, postgres, documents)
    for part in ("shop", "relay", "inventory", "inventory2", "documents"):
        shop.start(part)
    yield shop
    for process in shop.parts.values():
        process.kill()
        process.wait()


def _form(shop):
    """Order by the form in a real browser, and read the page that follows."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        miss("playwright", "make fleet-test")
    chromium = find_program("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(shop.url)
        page.select_option("select", "gong")
        page.click("button")
        page.wait_for_function("document.querySelectorAll('li').length === 2", timeout=60_000)
        shown = page.inner_text("body")
        browser.close()
    return shown


def test_every_order_is_deducted_once_whatever_is_killed(shop, tmp_path):
    """Each is sent twice; the shop, the relay and the inventory die again and again."""
    keys = [f"order-{number:04}" for number in range(ORDERS)]
    for number, key in enumerate(keys):
        assert shop.order(key) == 202
        if number % 15 == 5:
            shop.kill("shop")
        if number % 15 == 9:
            shop.kill("relay")
        if number % 15 == 12:
            shop.kill("inventory2" if number % 2 else "inventory")
        assert shop.order(key) == 202
    until(lambda: shop.stock() == 100 - ORDERS, lambda: f"the stock: {shop.stock()}", 120)

    def is_complete():
        return all(len(shop.timeline(key)["events"]) == 2 for key in keys)

    until(is_complete, "all timelines", 120)
    assert shop.stock() == 100 - ORDERS
    order = shop.timeline(keys[7])
    assert order["state"] == "reserved"
    steps = sorted(order["events"], key=lambda step: step["time"])
    assert [step["type"] for step in steps] == ["order.placed", "order.reserved"]
    assert [step["source"] for step in steps] == [
        "doorbell/producer/shop",
        "doorbell/handler/inventory",
    ]
    assert _read_by_kafkajs(shop, tmp_path) == {"order.placed": ORDERS, "order.reserved": ORDERS}
    assert shop.order(keys[0], count=2) == 422


def test_the_form_places_an_order_and_shows_its_timeline(shop):
    """In a real browser, with no script of its own."""
    shown = _form(shop)
    assert "order.placed" in shown
    assert "order.reserved" in shown


def _read_by_kafkajs(shop, tmp_path):
    """What a program in JavaScript reads from the same topic, each event once."""
    node = find_program("node", "nodejs")
    modules = Path(os.environ.get("KAFKAJS", ".kafkajs")) / "node_modules"
    if not modules.exists():
        miss("KafkaJS", "npm install --prefix .kafkajs kafkajs (or set KAFKAJS to the folder)")
    (tmp_path / "node_modules").symlink_to(modules.absolute())
    (tmp_path / "reader.mjs").write_text((EXAMPLE / "reader.mjs").read_text())
    said = tmp_path / "said"
    with said.open("wb") as out:
        reader = subprocess.Popen(
            [node, tmp_path / "reader.mjs", shop.kafka.servers, shop.topic],
            stdout=out,
            cwd=tmp_path,
        )

    def types():
        lines = [json.loads(line) for line in said.read_text().splitlines() if line.endswith("}")]
        kinds = Counter(line["type"] for line in lines)
        return {kind: kinds[kind] for kind in ("order.placed", "order.reserved")}

    try:
        until(lambda: sum(types().values()) >= 2 * ORDERS, lambda: str(types()))
    finally:
        reader.send_signal(signal.SIGKILL)
        reader.wait()
    return types()
