"""Names inside the document."""


def message_name(kind: str) -> str:
    """`doorbellDoublePressed`: an event type as the name of its message."""
    first, *others = kind.replace("_", ".").split(".")
    return first + "".join(map(capital, others))


def capital(word: str) -> str:
    """The word with a capital letter in front."""
    return word[:1].upper() + word[1:]
