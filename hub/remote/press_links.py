"""The press links that are valid: addresses by which other devices ring."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from config import Settings
from hub.store.own_folders import WEB, own_folder
from hub.system.files import atomic_file
from hub.system.files.folder_owner import acting_for
from hub.wire.tokens.house_key import key_in

FILE = "press-links.json"
MOST = 100
ID_BYTES = 9
SIGNATURE = 32  # hex digits, of HMAC-SHA-256


class LinkError(RuntimeError):
    """The link cannot be made or revoked; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class PressLink:
    """One link.

    Attributes:
        name: By which a person revokes it.
        door: Where it rings.
        id: Random, so that a link of the same name that is made later has another address.
    """

    name: str
    door: str
    id: str


class PressLinks:
    """The links of a house, in a file of its state folder; a link that is not in it is revoked."""

    def __init__(self, folder: Path, key: str) -> None:
        """Take the links of this folder.

        Args:
            folder: The state folder.
            key: Of the house.
        """
        self._path = folder / FILE
        self._key = key.encode()

    def all(self) -> dict[str, PressLink]:
        """Every link, by its name.

        Raises:
            OSError: the file cannot be read, or it is damaged.
        """
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        try:
            return {name: PressLink(**fields) for name, fields in json.loads(text).items()}
        except (ValueError, TypeError, AttributeError):
            remedy = "Remove it, and make the links anew"
            raise OSError(f"{self._path} is damaged. {remedy}") from None

    def token(self, link: PressLink) -> str:
        """The last part of its address: its name, and a signature that only this house can make."""
        text = f"doorbell press {link.name} {link.door} {link.id}"
        signature = hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
        return f"{link.name}.{signature[:SIGNATURE]}"

    def find(self, token: str) -> PressLink | None:
        """The link of a token; None when it is invalid, or was revoked.

        Raises:
            OSError: see `all`.
        """
        link = self.all().get(token.partition(".")[0])
        if link is None or not hmac.compare_digest(self.token(link).encode(), token.encode()):
            return None
        return link

    def make(self, name: str, door: str) -> PressLink:
        """The link of this name; it is the same each time, until it is revoked.

        Raises:
            LinkError: there is one of this name for another door, or there are too many.
            OSError: the file cannot be read or written.
        """
        links = self.all()
        if known := links.get(name):
            if known.door != door:
                remedy = f"Choose another --name, or revoke it: doorbell link --revoke {name}"
                raise LinkError(f"{name}: this link rings at {known.door}. {remedy}")
            return known
        if len(links) >= MOST:
            raise LinkError(f"there are {MOST} links already. Revoke some: doorbell link")
        link = PressLink(name, door, secrets.token_urlsafe(ID_BYTES))
        self._write(links | {name: link})
        return link

    def revoke(self, name: str) -> None:
        """End a link: from now on its address is invalid.

        Raises:
            LinkError: there is no such link.
            OSError: the file cannot be read or written.
        """
        links = self.all()
        if name not in links:
            known = ", ".join(links) or "none"
            raise LinkError(f"{name}: no such link. There are: {known}")
        del links[name]
        self._write(links)

    def _write(self, links: dict[str, PressLink]) -> None:
        text = json.dumps({name: asdict(link) for name, link in links.items()}, indent=1)
        atomic_file.write(self._path, f"{text}\n".encode(), 0o600)


@contextmanager
def as_page(settings: Settings) -> Iterator[tuple[Settings, PressLinks]]:
    """Work in the folder of doorbell-web; root does it as that folder's owner.

    Args:
        settings: Of the house.

    Yields:
        The settings as doorbell-web has them, and the press links in its folder.

    Raises:
        OSError: the key of the house cannot be read, or the folder not be made.
    """
    house = settings.house_dir
    key = key_in(house)
    folder = own_folder(house, WEB)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with acting_for(folder):
        yield settings.model_copy(update={"state_dir": folder}), PressLinks(folder, key)
