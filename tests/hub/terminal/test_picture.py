"""The terminal as a picture."""

import xml.etree.ElementTree as ET

from hub.terminal.output import Text
from hub.terminal.picture import svg


def test_the_picture_holds_the_text_and_loads_nothing():
    """It is well-formed, shows what the terminal would, and names no font to be fetched."""
    text = svg(Text("✓ bark  took 3 ms <&>", "green"), "one press")
    shown = "".join(ET.fromstring(text).itertext())  # noqa: S314 - our own picture
    assert "bark" in shown
    assert "<&>" in shown
    assert "@font-face" not in text
