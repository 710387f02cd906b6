"""Where talks are served."""

from devices.machine.local_socket import LocalSocket

TALK = LocalSocket("DOORBELL_TALK", "talk.sock")
