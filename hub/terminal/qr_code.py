"""A QR code for a terminal, dark or light."""

from itertools import zip_longest

from hub.terminal.output import Console, Text

QUIET_ZONE = 2  # modules around it; the standard wants 4, scanners take 2
# Colours of their own: those of the terminal's theme may be anything.
BLACK = "color(16)"
WHITE = "color(231)"


def print_qr_code(text: str, console: Console) -> None:
    """Print it with half blocks: one character shows two modules, one above the other."""
    import segno  # noqa: PLC0415 - no other command needs it

    code = segno.make(text, error="l", micro=False)
    rows = [bytes(row) for row in code.matrix_iter(border=QUIET_ZONE)]
    for upper, lower in zip_longest(rows[::2], rows[1::2], fillvalue=bytes(len(rows[0]))):
        line = Text()
        for above, below in zip(upper, lower, strict=True):
            line.append("▀", f"{_colour(above)} on {_colour(below)}")
        console.print(line, soft_wrap=True)


def _colour(module: int) -> str:
    return BLACK if module else WHITE
