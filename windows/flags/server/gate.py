"""Who may read: a read token of the settings or the token of any node in service. Tokens are known by their SHA-256 only."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from enum import Enum

from windows.flags.server.board import Board
from windows.flags.server.wire import Scope, header


class Verdict(Enum):
    OPEN = 0
    WRONG = 401  # surely: the database was asked after the token came
    UNSURE = 503  # unknown here, and the database cannot be asked


def token_of(scope: Scope) -> bytes | None:
    """From `Authorization: Bearer` or `X-API-Key`."""
    given = header(scope, b"authorization")
    if given is not None:
        return given[7:].strip() if given[:7].lower() == b"bearer " else b""
    return header(scope, b"x-api-key")


class Gate:
    def __init__(self, board: Board, read_tokens: tuple[bytes, ...]) -> None:
        self.board, self.read_tokens = board, read_tokens

    def knows(self, token: bytes) -> bool:
        """Read tokens are compared in constant time; node tokens are looked up by a hash nobody can steer."""
        digest = hashlib.sha256(token).digest()
        if any([hmac.compare_digest(digest, known) for known in self.read_tokens]):  # noqa: C419 - every one is compared
            return True
        return self.board.snapshot is not None and digest.hex() in self.board.snapshot.nodes

    def lets(self, scope: Scope) -> bool:
        """The quick answer, from memory."""
        if not self.read_tokens:
            return True
        token = token_of(scope)
        return token is not None and self.knows(token)

    async def judge(self, scope: Scope) -> Verdict:
        """The slow answer to a token that is not in memory: perhaps it was given out this very second."""
        token = token_of(scope)
        if not token:
            return Verdict.WRONG
        word: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.board.asking.add(word)
        try:
            await asyncio.wait_for(word, 2.5)
        except TimeoutError:
            return Verdict.UNSURE
        finally:
            self.board.asking.discard(word)
        return Verdict.OPEN if self.knows(token) else Verdict.WRONG
