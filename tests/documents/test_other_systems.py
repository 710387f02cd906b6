"""What docs/other-systems.md has openHAB read and write is what the house publishes and takes."""

import re

from hub.wire import command
from tests import contract
from tests.house import ROOT

PAGE = (ROOT / "docs" / "other-systems.md").read_text(encoding="utf-8")
FLOW = (ROOT / "examples" / "node-red" / "doorbell.json").read_text(encoding="utf-8")


def test_every_topic_of_the_page_and_of_the_flow_is_one_of_ours():
    """Of the wire's description, each with its meaning."""
    found = re.findall(r'Topic="(doorbell/[^"]+)"', PAGE)
    found += re.findall(r'"topic": "(doorbell/[^"]+)"', FLOW)
    assert len(found) > 10
    named = {topic: contract.channel_of(topic.replace("+", "home")) for topic in found}
    assert None not in named.values(), named


def test_openhab_may_say_the_words_that_the_page_names():
    """As bare words, because its channels send nothing else."""
    assert command.decode("answer", b"leave_it")
    for word in (b"on", b"off", b"auto"):
        assert command.decode("quiet", word)
