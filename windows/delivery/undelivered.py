"""What a channel raises when a message did not go out."""

from __future__ import annotations

from datetime import timedelta


class Undelivered(Exception):
    """It did not go out. `permanent` says that trying again cannot help; `gone`, that its address wants nothing any more;
    `retry_after`, how long the other side asks to be left alone; `is_way`, that another message would have fared no better there."""

    def __init__(
        self, reason: str, *, permanent: bool = False, gone: bool = False, retry_after: timedelta | None = None, is_way: bool = False
    ) -> None:
        super().__init__(reason)
        self.is_way = is_way
        self.permanent, self.gone, self.retry_after = permanent or gone, gone, retry_after
