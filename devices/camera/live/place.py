"""Where the live picture is served."""

from devices.machine.local_socket import LocalSocket

LIVE = LocalSocket("DOORBELL_LIVE", "live.sock")
