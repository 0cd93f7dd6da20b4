"""The hash chain: what the bytes of an entry are, how one digest follows from the last, how a head is signed. Pure.

digest(n) = SHA-256(digest(n − 1) as hex, then the canonical bytes of the entry); the first one follows GENESIS. Canonical bytes are JSON
with sorted keys and no spaces; `data` stands in them exactly as the database writes the jsonb value, which is one text for one value.
A chain proves that nothing changed since a head that somebody else kept (RFC 6962 says the same of its logs): hence signed heads.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = "0" * 64
quote = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as it is hashed. `data` is the JSON text of the database."""

    id: int
    at: datetime
    kind: str
    actor: str
    actor_id: int | None
    via: str
    subject: str
    window: str
    run_id: int | None
    data: str
    request_id: str


COLUMNS = 'e.id, e.at, e.kind, e.actor, e.actor_id, e.via, e.subject, e."window", e.run_id, e.data::text, e.request_id'


def canonical(line: Line) -> bytes:
    """The bytes that are hashed. A change of this function breaks every chain there is."""
    at = line.at.astimezone(UTC).isoformat(timespec="microseconds")
    numbers = [text_of(line.actor_id), text_of(line.id), text_of(line.run_id)]
    told = (
        f'{{"actor":{quote(line.actor)},"actor_id":{numbers[0]},"at":"{at}","data":{line.data},"id":{numbers[1]},"kind":{quote(line.kind)},'
        f'"request_id":{quote(line.request_id)},"run_id":{numbers[2]},"subject":{quote(line.subject)},"via":{quote(line.via)},'
        f'"window":{quote(line.window)}}}'
    )
    return told.encode()


def text_of(number: int | None) -> str:
    return "null" if number is None else str(number)


def follow(previous: str, line: Line) -> str:
    """The digest of an entry behind the previous one's."""
    return hashlib.sha256(previous.encode() + canonical(line)).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """ "At this position the chain's digest was this": signed, and to be kept where the database's owner cannot reach it."""

    position: int
    digest: str
    at: datetime
    signature: str = ""

    def signed(self, key: str) -> Head:
        return Head(self.position, self.digest, self.at, self._signature(key))

    def is_signed_by(self, *keys: str) -> bool:
        return any(hmac.compare_digest(self.signature, self._signature(key)) for key in keys)

    def _signature(self, key: str) -> str:
        told = f"roadworks audit head\n{self.position}\n{self.digest}\n{self.at.astimezone(UTC).isoformat()}"
        return hmac.new(key.encode(), told.encode(), hashlib.sha256).hexdigest()

    def to_json(self) -> str:
        at = self.at.astimezone(UTC).isoformat()
        return json.dumps({"position": self.position, "digest": self.digest, "at": at, "signature": self.signature}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Head:
        """ValueError where it is no head."""
        try:
            told = json.loads(text)
            return cls(int(told["position"]), str(told["digest"]), datetime.fromisoformat(told["at"]), str(told["signature"]))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise ValueError("this is no audit head") from error
