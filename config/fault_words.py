"""What is wrong with a value, and what to write, in place of pydantic's own words."""

from collections.abc import Mapping
from typing import Any

from config.section import NAME

TIME = "not a time. Write it like 22:00:00."
DATE = "not a date. Write it like 2026-01-31."
NUMBER = "not a number. Write it like 2.5, without quotes."
WHOLE_NUMBER = "not a whole number. Write it like 17, without quotes."
TRUTH = "neither true nor false. Write one of them, without quotes."
LIST = 'not a list. Write it like ["one", "two"].'
PLAIN_WORDS = {
    "missing": "missing. Set it.",
    "time_parsing": TIME,
    "time_type": TIME,
    "date_type": DATE,
    "date_parsing": DATE,
    "date_from_datetime_parsing": DATE,
    "date_from_datetime_inexact": DATE,
    "int_parsing": WHOLE_NUMBER,
    "int_type": WHOLE_NUMBER,
    "int_from_float": "not a whole number. Write it like 17.",
    "int_parsing_size": "the number is too large. Write a smaller one.",
    "float_parsing": NUMBER,
    "float_type": NUMBER,
    "finite_number": "not a number. Write it like 2.5.",
    "bool_parsing": TRUTH,
    "bool_type": TRUTH,
    "string_type": 'not text. Put it in quotes, like "this".',
    "string_too_short": "empty. Write something, or leave it out.",
    "string_unicode": "not text that can be written as UTF-8. Write other letters.",
    "string_too_long": "too long. Write at most {max_length} characters.",
    "string_pattern_mismatch": "not of the form {pattern}. Write it in this form.",
    "path_type": 'not a path. Put it in quotes, like "/srv/clips".',
    "path_not_file": "there is no such file. Check the path; it is taken from where doorbell runs.",
    "path_not_directory": "there is no such folder.",
    "list_type": LIST,
    "tuple_type": LIST,
    "set_type": LIST,
    "frozen_set_type": LIST,
    "too_short": "nothing is in it. Write something, or leave it out.",
    "too_long": "too many. Write at most {max_length}.",
}
BAD_NAME = "not a name. Use a-z, 0-9, - and _, beginning with a letter, 32 characters at most."
OF_TABLES = {"doors", "handlers", "triggers"}  # each with a name
TABLES = {"dict_type", "model_type", "model_attributes_type"}
LIMITS = {
    "greater_than": "more than",
    "greater_than_equal": "at least",
    "less_than": "less than",
    "less_than_equal": "at most",
}


def words(fault: Mapping[str, Any], name: str) -> str:
    """What is wrong with a value, and what to write.

    Args:
        fault: One of pydantic's, without its input.
        name: The key with its tables.
    """
    kind, facts = fault["type"], fault.get("ctx", {})
    if kind in TABLES:
        table = f"{name}.NAME" if name in OF_TABLES else name
        return f"not a table. Write [{table}], and its keys in the lines below."
    if facts.get("pattern") == NAME:
        return BAD_NAME
    if kind in LIMITS:
        return f"must be {LIMITS[kind]} {next(iter(facts.values())):g}."
    if plain := PLAIN_WORDS.get(kind):
        return plain.format(**facts)
    said = str(fault["msg"]).removeprefix("Value error, ").removesuffix(".")
    return said.replace("Input should be", "must be", 1) + "."
