"""Writes what the terminal shows as a picture."""

import io
import re

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import RenderableType

from hub.system.log.visible import visible
from hub.terminal.output import Console

WIDTH = 118  # columns
FONTS = re.compile(r"\s*@font-face \{.*?\}\n", re.DOTALL)  # rich would load them from elsewhere


def svg(shown: RenderableType, title: str) -> str:
    """What a terminal of 118 columns would show.

    Args:
        shown: What `Console.print` takes.
        title: For the window's title bar.

    Returns:
        The text of an SVG file. It loads nothing from elsewhere.
    """
    console = Console(
        record=True,
        width=WIDTH,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    console.print(shown)
    return console.export_svg(title=visible(title), code_format=FONTS.sub("", CONSOLE_SVG_FORMAT))
