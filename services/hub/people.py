"""Who may do what at a site: named tokens, of which only hashes are kept."""

from __future__ import annotations

import hashlib
import re
import secrets
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from devices.noun import Noun
from services.errors import UserError
from services.hub.contracts import ROLES, Role
from services.hub.secret_file import write_secret

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Person(Noun):
    """Somebody who has a token. `sha256` is that of the token, which has 256 bits of chance."""

    name: str
    role: Role
    sha256: str

    def may(self, role: Role) -> bool:
        """Whether they may do what this role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


_PEOPLE: TypeAdapter[tuple[Person, ...]] = TypeAdapter(tuple[Person, ...])


class People:
    """The people of a site, in one file. It is read again whenever it was changed.

    Args:
        path: The file; empty if there is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._all: tuple[Person, ...] = ()
        self._by_hash: dict[str, Person] = {}

    def all(self) -> tuple[Person, ...]:
        """Everybody, in order of name.

        Raises:
            UserError: The file can not be read.
        """
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return ()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            try:
                self._all = _PEOPLE.validate_json(self._path.read_bytes())
            except (OSError, ValidationError) as error:
                raise UserError(
                    f"{self._path} can not be read ({type(error).__name__}): put it back, or remove it "
                    "and give everybody a new token"
                ) from None
            self._stamp = stamp
            self._by_hash = {person.sha256: person for person in self._all}
        return self._all

    def add(self, name: str, role: Role) -> str:
        """Give somebody a token, in place of the one they had. Returns it: it is kept nowhere.

        Raises:
            UserError: The name is none.
        """
        if not _NAME.fullmatch(name):
            raise UserError(
                f"{name!r} is no name for a token: take letters, digits, dots, hyphens and underscores"
            )
        token = secrets.token_urlsafe(32)
        person = Person(name=name, role=role, sha256=_hash(token))
        self._write((*(p for p in self.all() if p.name != name), person))
        return token

    def remove(self, name: str) -> None:
        """Take somebody's token back, from their next call on.

        Raises:
            UserError: Nobody of that name has one.
        """
        rest = tuple(person for person in self.all() if person.name != name)
        if len(rest) == len(self.all()):
            known = ", ".join(person.name for person in rest) or "nobody"
            raise UserError(f"nobody called {name!r} has a token here; there is: {known}")
        self._write(rest)

    def who(self, token: str) -> Person | None:
        """Whose token it is; None: nobody's."""
        # Who could guess a hash from how long a look-up takes still would not know the token.
        return self._by_hash.get(_hash(token)) if self.all() else None

    def _write(self, people: tuple[Person, ...]) -> None:
        ordered = tuple(sorted(people, key=lambda person: person.name))
        write_secret(self._path, _PEOPLE.dump_json(ordered, indent=2) + b"\n")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
