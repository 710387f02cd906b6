"""Print the document."""

import sys

from hub.wire.asyncapi.document import document
from hub.wire.asyncapi.yaml_text import yaml_text

HEAD = """\
# Every topic and message of doorbell, for machines; docs/protocol.md says the same for people.
# Generated from hub/wire: python -m hub.wire.asyncapi > hub/asyncapi.yaml
# The system tests hold what is really sent against this file. x-pattern is a regular expression.
"""


def text() -> str:
    """The file."""
    return HEAD + yaml_text(document())


if __name__ == "__main__":
    sys.stdout.write(text())
