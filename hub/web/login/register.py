"""The phones that are logged in, the household password and the one-time codes: one file."""

import fcntl
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from hub.system.files import atomic_file
from hub.system.language import marked

FILE = "web-login.json"
CODE_BYTES = 16  # 128 bits: guessing needs no limit
CODE_S = 600.0
SET_BACK_S = 60.0
CODES = 10  # as many wait to be used
PHONES = 100
FORGOTTEN_S = 400 * 86_400.0  # browsers keep no cookie longer (RFC 6265bis, 5.5)
SEEN_S = 86_400.0  # "last seen" is written once a day, which spares the SD card
NAME_LENGTH = 40
LOGGED_OUT = marked("This phone is no longer logged in")


class RegisterError(RuntimeError):
    """It cannot be done; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Phone:
    """A browser that is logged in.

    Attributes:
        id: Random. The cookie holds it with a signature.
        name: By which people know it; no two have the same.
        since_s: When it logged in (Unix).
        seen_s: When it was last seen, to a day (Unix).
    """

    id: str
    name: str
    since_s: float
    seen_s: float


@dataclass(frozen=True, slots=True)
class Content:
    """All that the file holds.

    Attributes:
        password: Hashed; empty when none is set.
        phones: By id.
        codes: When each was made (Unix), by its SHA-256.
    """

    password: str = ""
    phones: dict[str, Phone] = field(default_factory=dict)
    codes: dict[str, float] = field(default_factory=dict)


class Register:
    """The file, read anew when another process has changed it: `doorbell link` and doorbell-web.

    A phone that is not in it is logged out, whatever its cookie says. Every method raises OSError
    where the file cannot be read, or written if it has to be.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        """Take the file of this folder.

        Args:
            folder: The state folder.
            now: Unix seconds.
        """
        self._path = folder / FILE
        self._lock = folder / f"{FILE}.lock"
        self._now = now
        # The content with the stamp of its file: threads read it, so both change together.
        self._known: tuple[tuple[int, int] | None, Content] = None, Content()

    @property
    def password(self) -> str:
        """The hash of the household password; empty when none is set."""
        return self._read().password

    def set_password(self, hashed: str) -> None:
        """Take another household password. Phones stay logged in."""
        with self._changed() as content:
            self._write(replace(content, password=hashed))

    def phones(self) -> list[Phone]:
        """All that are logged in, in the order in which they came."""
        phones = self._read().phones.values()
        return [phone for phone in phones if self._is_remembered(phone)]

    def phone(self, id_: str) -> Phone | None:
        """The phone of a cookie; None when it was logged out."""
        phone = self._read().phones.get(id_)
        return phone if phone and self._is_remembered(phone) else None

    def is_due(self, phone: Phone) -> bool:
        """Whether it is time to write that it was seen: once a day."""
        return abs(self._now() - phone.seen_s) >= SEEN_S

    def note_seen(self, id_: str) -> None:
        """Write that a phone was seen now."""
        with self._changed() as content:
            if phone := content.phones.get(id_):
                seen = replace(phone, seen_s=self._now())
                self._write(replace(content, phones=content.phones | {id_: seen}))

    def add_phone(self, name: str) -> Phone:
        """Log a phone in. One that was seen longest ago makes room for it."""
        now = self._now()
        with self._changed() as content:
            phones = content.phones
            phone = Phone(secrets.token_urlsafe(CODE_BYTES), _free(name, phones), now, now)
            kept = [one for one in phones.values() if self._is_remembered(one)]
            kept = sorted(kept, key=lambda one: one.seen_s)[-(PHONES - 1) :]
            ids = {one.id for one in kept}
            phones = {id_: one for id_, one in phones.items() if id_ in ids} | {phone.id: phone}
            self._write(replace(content, phones=phones))
        return phone

    def rename(self, id_: str, name: str) -> None:
        """Call a phone otherwise.

        Raises:
            RegisterError: it is not logged in.
        """
        with self._changed() as content:
            if id_ not in content.phones:
                raise RegisterError(LOGGED_OUT)
            others = {key: one for key, one in content.phones.items() if key != id_}
            phone = replace(content.phones[id_], name=_free(name, others))
            self._write(replace(content, phones=content.phones | {id_: phone}))

    def revoke(self, *ids: str) -> None:
        """Log phones out. It holds from the next request on."""
        with self._changed() as content:
            phones = {id_: one for id_, one in content.phones.items() if id_ not in ids}
            self._write(replace(content, phones=phones))

    def make_code(self) -> str:
        """A code that logs one phone in, once and within ten minutes."""
        code = secrets.token_urlsafe(CODE_BYTES)
        with self._changed() as content:
            valid = {key: at for key, at in content.codes.items() if self._is_fresh(at)}
            codes = dict([*valid.items(), (_hash(code), self._now())][-CODES:])
            self._write(replace(content, codes=codes))
        return code

    def knows(self, code: str) -> bool:
        """Whether a code would log in."""
        made_s = self._read().codes.get(_hash(code))
        return made_s is not None and self._is_fresh(made_s)

    def use(self, code: str) -> bool:
        """Take a code, which is invalid from then on; False when it was invalid."""
        with self._changed() as content:
            codes = dict(content.codes)
            made_s = codes.pop(_hash(code), None)
            if made_s is None or not self._is_fresh(made_s):
                return False
            self._write(replace(content, codes=codes))
        return True

    def _is_fresh(self, made_s: float) -> bool:
        """A clock that was set back further makes a code invalid."""
        return -SET_BACK_S <= self._now() - made_s <= CODE_S

    def _is_remembered(self, phone: Phone) -> bool:
        return self._now() - phone.seen_s <= FORGOTTEN_S

    def _read(self) -> Content:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return Content()
        stamp = (status.st_ino, status.st_mtime_ns)
        known, content = self._known
        if stamp != known:
            content = _parse(self._path)
            self._known = stamp, content
        return content

    @contextmanager
    def _changed(self) -> Iterator[Content]:
        """The present content; no other process changes it meanwhile."""
        descriptor = os.open(self._lock, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield self._read()
        finally:
            os.close(descriptor)

    def _write(self, content: Content) -> None:
        text = json.dumps(asdict(content), indent=1, ensure_ascii=False)
        atomic_file.write(self._path, f"{text}\n".encode(), 0o600)


def _parse(path: Path) -> Content:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        phones = {id_: Phone(**fields) for id_, fields in table["phones"].items()}
        return Content(str(table["password"]), phones, dict(table["codes"]))
    except (ValueError, TypeError, KeyError, AttributeError):
        remedy = "Remove it, and log in anew: doorbell link"
        raise OSError(f"{path} is damaged. {remedy}") from None


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _free(name: str, phones: dict[str, Phone]) -> str:
    """The name, with a number behind it where another phone has it."""
    wanted = " ".join(name.split())[:NAME_LENGTH] or "Phone"
    taken = {phone.name for phone in phones.values()}
    candidates = (f"{wanted} {number}" for number in range(2, PHONES + 2))
    return wanted if wanted not in taken else next(one for one in candidates if one not in taken)
