"""Text from elsewhere as a person may see it: on one line, and only what it looks like.

An event, a note or a service's error may hold anything. Written raw, an escape sequence changes the
terminal, a newline forges a line of the log, and a bidirectional control turns words around.
"""

import json
import re

from hub.system.log.masking import masked

# Control characters (C0, DEL, C1), separators of lines, the halves of surrogate pairs, and what is
# invisible or changes direction (Unicode's category Cf, and letters and marks that show nothing).
_HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb"
    r"\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
# A joiner belongs between letters of some scripts and between emoji; among ASCII it only deceives.
_JOINER = r"[\u200c\u200d](?![^\x00-\x7f])|(?<![^\x00-\x7f])[\u200c\u200d]"
_UNSAFE = re.compile(f"[{_HIDDEN}]|{_JOINER}")


def visible(text: str) -> str:
    r"""The text on one line, with secrets masked and each hidden character as JSON writes it.

    A newline becomes `\n`, an escape character `\u001b`.
    """
    return escaped(masked(text))


def escaped(text: str) -> str:
    """The text with each hidden character as JSON writes it; secrets stay."""
    return text if text.isprintable() else _UNSAFE.sub(_escaped, text)


def visible_lines(text: str) -> str:
    """The same for text of several lines, like a traceback: each is indented.

    So none of them can be taken for a line of its own.
    """
    return "\n".join(f"  {visible(line)}" for line in masked(text).split("\n"))


def _escaped(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]
