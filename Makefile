# Everything a person does with a checkout. No root is needed.
.PHONY: run test check lint lock faults reliability real-houses cases rig power-cut cluster homeassistant node-red page fleet fleet-test fleet-load bench clean
VENV ?= .venv
BIN := $(VENV)/bin
TESTED := $(VENV)/.test-ready
PIP := .ci/quietly $(BIN)/python -m pip install --quiet --disable-pip-version-check
LIBRARY := .ci/quietly lock/install $(BIN)/python
# Ctrl-C waits until doorbell listens to it: while Python itself starts, it would show a traceback.
HOLD := $(shell env --block-signal=INT true 2>/dev/null && echo env --block-signal=INT)
PYTEST := $(BIN)/python -m pytest -n auto --dist loadgroup
# Where this is set, as in many containers, each of many hundred processes would compile all that it imports, again and again.
unexport PYTHONDONTWRITEBYTECODE

run: $(VENV)/.ready
	@$(HOLD) $(BIN)/doorbell run

# Format, lint, types, imports, and all tests but the fault matrix, the rig and the cluster.
test: lint
	.ci/beside $(BIN)/mypy -- $(PYTEST) -m "not fault_matrix"

check: lint
	$(BIN)/mypy

lint: $(TESTED)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports

# The fault matrix: processes, brokers, wires and disks fail at each step of a press, and then the state files are audited.
faults: $(TESTED)
	$(PYTEST) -m fault_matrix tests/system

# The same with a longer storm, and its table.
reliability: $(TESTED)
	STORM_S=20 RELIABILITY_REPORT=docs/reliability.md $(MAKE) faults

# What was reported from real houses, kind by kind: the tests that docs/real-houses.md names. `make test` has them, too.
real-houses: $(TESTED)
	$(PYTEST) $$(grep -oE '`tests/[^`]+`' docs/real-houses.md | tr -d '`' | sort -u)

# Reported cases, each of which a folder of CASES holds with its inputs, and what comes out of them: tests/cases. Their cameras
# need Debian's python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-*; their brokers mosquitto.
cases: $(TESTED)
	$(BIN)/python -m tests.cases $(CASES)

# A virtual Raspberry Pi, built and then used as on a person's first days with it. As root: docs/rig.md.
RIG ?= .rig
rig: $(TESTED)
	tests/rig/build $(RIG)
	RIG=$(RIG) $(BIN)/python -m pytest tests/rig   # with RIG_REPORT=docs/rig.md its figures come into that document

# Cuts the power of a virtual machine around presses, and writes docs/power-cut.md. As root, after `make rig` or `tests/rig/build .rig`.
power-cut: $(TESTED)
	test -e $(RIG)/root.img || tests/rig/build $(RIG)
	$(BIN)/python -m tests.power --rig $(RIG) --write docs/power-cut.md

# A cluster of three brokers, whose nodes are killed under presses. As root: docs/cluster.md.
CLUSTER ?= .cluster
cluster: $(TESTED)
	tests/cluster/build $(CLUSTER)
	CLUSTER=$(CLUSTER) $(BIN)/python -m pytest tests/cluster   # with CLUSTER_REPORT=docs/cluster.md its figures come into that document

# A real Home Assistant beside a house: found, used, restarted, killed. As root: docs/home-assistant.md.
HASS ?= .homeassistant
homeassistant: $(TESTED)
	.ci/get-homeassistant $(HASS)
	HOMEASSISTANT=$(HASS) $(BIN)/python -m pytest tests/homeassistant

# The example's flow in a real Node-RED. It needs npm: docs/other-systems.md.
NODERED ?= .node-red
node-red: $(TESTED)
	.ci/get-node-red $(NODERED)
	NODERED=$(NODERED) $(BIN)/python -m pytest tests/nodered

# The fleet with real Kafka, PostgreSQL, Redis, FerretDB and KafkaJS, each of which is killed. It needs Java 17, Maven, Go, npm
# and Debian's postgresql, redis-server and chromium: fleet/README.md. `make fleet` measures 10,000 and 100,000 doors.
export KAFKA ?= .kafka
export FERRETDB ?= .ferretdb
export KAFKAJS ?= .kafkajs
.fleet-ready: fleet/pyproject.toml $(TESTED)
	.ci/get-kafka $(KAFKA)
	.ci/get-ferretdb $(FERRETDB)
	test -d $(KAFKAJS)/node_modules || npm install --silent --no-audit --no-fund --prefix $(KAFKAJS) kafkajs@2
	$(PIP) -e './fleet[dev]'
	@touch $@

fleet-test: .fleet-ready
	$(BIN)/python -m pytest fleet/tests

fleet: .fleet-ready
	$(BIN)/python -m fleet.load $(FLEET) --write fleet/README.md   # FLEET="--first 30000" makes it shorter

# A small run of it, and compose.yaml: two minutes. It needs Java, Maven, mosquitto and PostgreSQL.
$(VENV)/.fleet-ready: fleet/pyproject.toml $(TESTED)
	.ci/get-kafka $(KAFKA)
	$(PIP) -e ./fleet
	@touch $@

fleet-load: $(VENV)/.fleet-ready
	$(BIN)/python -m pytest fleet/tests/test_load.py fleet/tests/test_compose.py fleet/tests/test_record.py

# The page in a real Chromium, by phone and by desk; axe-core looks for barriers. It needs chromium and npm: docs/page.md.
AXE ?= .axe
page: $(TESTED)
	@$(BIN)/python -c "import playwright" 2>/dev/null || $(PIP) --no-build-isolation -e '.[browser]'
	.ci/get-axe $(AXE)
	AXE=$(AXE) $(BIN)/python -m pytest tests/browser   # with PAGE_PICTURES=docs/page its screenshots come into that folder

# Needs mosquitto and a C compiler. HOMEASSISTANT=DIR, where .ci/get-homeassistant DIR has put one, measures that, too.
bench: $(TESTED)
	$(BIN)/python -m tests.bench --write docs/benchmark.md

clean:
	rm -rf $(VENV) .fleet-venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis .rig .cluster .homeassistant .node-red .kafka .ferretdb .kafkajs .fleet-ready .axe

# The versions and hashes of all libraries are in lock/. This renews it after a change in pyproject.toml; UPGRADE=--upgrade
# takes the newest versions of everything. It needs uv, which is installed here.
lock:
	@test -x $(BIN)/pip || .ci/quietly sh .ci/make-venv $(VENV)
	@test -x $(BIN)/uv || $(PIP) uv
	$(BIN)/python .ci/lock $(UPGRADE)

# Where no wheel of the sound library exists (64-bit ARM) it is compiled; without a compiler the dog barks into a file.
$(VENV)/.ready: pyproject.toml $(wildcard lock/*)
	@echo "installing into $(VENV) (a minute or more, the first time only)"
	@test -x $(BIN)/pip || .ci/quietly sh .ci/make-venv $(VENV)
	@for part in tools cffi run; do $(LIBRARY) $$part || exit; done
	@$(LIBRARY) sound 2> $(VENV)/sound.log || { [ $$? = 1 ] || { cat $(VENV)/sound.log >&2; exit 1; }; \
	  echo "no sound library here (it needs a compiler and python3-dev; $(VENV)/sound.log has more): going on without"; }
	@$(PIP) --no-build-isolation --no-deps --no-index -e .
	@touch $@

$(TESTED): $(VENV)/.ready
	@$(LIBRARY) test
	@! $(BIN)/python -m pip check | grep ^doorbell-hub || { echo "lock/ is not in step with pyproject.toml: make lock"; exit 1; }
	@touch $@
