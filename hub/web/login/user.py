"""Who a request comes from."""

from typing import NamedTuple

from starlette.requests import Request


class User(NamedTuple):
    """A person of the house.

    Attributes:
        name: The name of the phone, or that of the user at the proxy.
        phone: The id of the phone; empty for a user whom a proxy names.
    """

    name: str
    phone: str = ""


def user_of(request: Request) -> User | None:
    """The user of a request; None on the few paths that need no login, where nobody logged in."""
    found = request.scope.get("user")
    return found if isinstance(found, User) else None
