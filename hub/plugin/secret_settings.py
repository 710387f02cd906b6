"""Which of a handler's settings are secret: by their type, by their name, or as part of an address.

An author may write `token: str` as well as `token: SecretStr`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretBytes, SecretStr

from hub.system.log.masking import is_token, secrets_in_address

_WORDS = (
    "password|passwd|passphrase|passcode|secret|token|credential|credentials|authorization|"
    "bearer|webhook|(?:api|access|private|secret|auth|signing|encryption)[_-]?key"
)
_SECRET_NAME = re.compile(rf"(?:^|[_-])(?:{_WORDS})s?\d*$|^keys?\d*$")
_KEY_OF_SOMETHING = re.compile(r"[_-]keys?\d*$")  # `sensor_key` may be the key of a JSON object
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def is_secret_name(name: str) -> bool:
    """Whether a setting of this name holds a secret: `token`, `api_key`, not `password_dir`."""
    return bool(_SECRET_NAME.search(_words_of(name)))


def secrets_in(value: Any, name: str = "") -> Iterator[str]:
    """Every secret in some settings, however deep it lies.

    Args:
        value: A model, a table, a list, or one value.
        name: The setting that it is the value of.
    """
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, BaseModel):
        yield from secrets_in(vars(value), name)  # a field may be called `keys`
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from secrets_in(item, name if is_secret_name(name) else str(key))
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from secrets_in(item, name)
    elif isinstance(value, str):
        is_key = _KEY_OF_SOMETHING.search(_words_of(name)) and is_token(value)
        yield from (value,) if is_key or is_secret_name(name) else secrets_in_address(value)


def secrets_in_table(table: Mapping[str, Any], model: type[BaseModel]) -> Iterator[str]:
    """Every secret in a table that is not checked yet: a fault may quote it.

    Args:
        table: As the settings file has it.
        model: What it is to become.
    """
    yield from secrets_in(table)
    for name, field in model.model_fields.items():
        if "Secret" in str(field.annotation):
            yield from texts_in(table.get(name))


def _words_of(name: str) -> str:
    """`apiKey` is `api_key`."""
    return _CAMEL.sub("_", name).lower()


def texts_in(value: Any) -> Iterator[str]:
    """Every text in these tables and lists."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
