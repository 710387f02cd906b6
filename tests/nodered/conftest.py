"""A real Node-RED beside a house, for `make node-red`.

Without $NODERED, which that sets, nothing here is collected.
"""

import os

collect_ignore_glob = [] if os.environ.get("NODERED") else ["test_*.py"]
