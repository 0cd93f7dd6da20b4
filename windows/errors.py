"""What can go wrong, as a tree. Each class carries exactly the fact its handler branches on.

Refused                 the base: `status` is the HTTP status a web surface answers with (RFC 9457 `type` is the class's `slug`)
├── Invalid       422   bad input; `field` names it, `line` and `column` say where in a document (1-based)
├── Unproved      401   the message does not prove who sent it
├── Forbidden     403   the actor may see the thing and may not do this; `verb` says what
├── NotFound      404   not there, or not for this actor's eyes: the two are not told apart
├── Conflict      409   the state or a rival forbids it; `field` names what differs, `rival` what stands against it
├── Stale         412   the caller edited an older version; `current` is the version in force
├── TooLarge      413   longer than the limit, which the text names
└── Unavailable   503   a thing we depend on does not answer; `retry_after` in seconds
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refused(Exception):
    status: ClassVar[int] = 400
    slug: ClassVar[str] = "refused"

    def __init__(self, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.facts = {name: fact for name, fact in facts.items() if fact is not None}


class Invalid(Refused):
    status = 422
    slug = "invalid"

    def __init__(
        self, detail: str, *, field: str, line: int | None = None, column: int | None = None, errors: list[dict[str, Any]] | None = None
    ) -> None:
        super().__init__(detail, field=field, line=line, column=column, errors=errors)
        self.field, self.line, self.column = field, line, column


class Unproved(Refused):
    status = 401
    slug = "unproved"


class Forbidden(Refused):
    status = 403
    slug = "forbidden"

    def __init__(self, detail: str, *, verb: str) -> None:
        super().__init__(detail, verb=verb)


class NotFound(Refused):
    status = 404
    slug = "not-found"


class Conflict(Refused):
    status = 409
    slug = "conflict"

    def __init__(self, detail: str, *, field: str | None = None, rival: str | None = None, **facts: Any) -> None:
        super().__init__(detail, field=field, rival=rival, **facts)
        self.field, self.rival = field, rival


class Stale(Refused):
    status = 412
    slug = "stale"

    def __init__(self, detail: str, *, current: int, changed: dict[str, Any] | None = None) -> None:
        super().__init__(detail, current=current, changed=changed)


class TooLarge(Refused):
    status = 413
    slug = "too-big"


class Unavailable(Refused):
    status = 503
    slug = "unavailable"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after
