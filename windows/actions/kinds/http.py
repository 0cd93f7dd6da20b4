"""Sends one HTTP request and expects an answer. Carries the idempotency key, the fence and the telemetry tags; follows no redirect."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from windows.actions.context import Context
from windows.actions.documents import at_path
from windows.actions.outcomes import Done, Failed, Outcome
from windows.actions.params import Duration
from windows.actions.params import Params as Base
from windows.actions.ports import Changed, HttpAnswer, Unreachable

kind = "http"
interruptible = True  # the connection is closed; what the target makes of it is the target's
timeout = timedelta(seconds=30)
longest = timedelta(hours=1)
urls = frozenset({"url", "only_if.url", "unless.url"})
TRY_AGAIN = frozenset({408, 425, 429})
Status = Annotated[int, Field(ge=100, le=599)]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
OURS = frozenset(
    {
        *("host", "content-length", "transfer-encoding", "connection"),
        *("idempotency-key", "roadworks-fence", "baggage", "traceparent"),
    }
)


def not_ours(headers: dict[str, str]) -> dict[str, str]:
    if taken := [name for name in headers if name.lower() in OURS or name.lower().startswith("maintenance-")]:
        raise ValueError(f"{', '.join(taken)} is set by Roadworks itself")
    return headers


Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s/?#]", max_length=2000)]
Value = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0a-\x1f\x7f]*$", max_length=4000)]
Headers = Annotated[dict[Header, Value], AfterValidator(not_ours)]


class Expect(Base):
    """`json` maps a dotted path ("items.0.state") to the value that must stand there."""

    status: Status | Annotated[list[Status], Field(min_length=1)] | None = None  # None: any 2xx
    values: dict[str, Any] = Field(default={}, alias="json")
    contains: str = ""


class Look(Base):
    """A GET before anything is sent, and what it must answer."""

    url: Url
    headers: Headers = {}
    expect: Expect = Expect()


class Params(Base):
    """`only_if` is what must be found there before the request, or else somebody else has been here and nothing is sent; `unless` says that
    all is as it should be already, so that nothing needs to be sent. An `undo` that has both may be tried again and overwrites nobody."""

    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    url: Url
    headers: Headers = {}
    document: Any = Field(default=None, alias="json")
    body: Annotated[str, StringConstraints(max_length=100_000)] | None = None
    expect: Expect = Expect()
    timeout: Duration | None = None  # of each exchange; the step's own bounds it
    only_if: Look | None = None
    unless: Look | None = None

    @model_validator(mode="after")
    def one_body(self) -> Params:
        if self.document is not None and self.body is not None:
            raise ValueError("give json or body, not both")
        return self


def repeatable(params: Params) -> bool:
    return params.method in ("GET", "HEAD", "OPTIONS")  # others only where the runbook says so


def sentence(params: Params) -> str:
    return f"{params.method} {params.url}"


def run(params: Params, ctx: Context) -> Outcome:
    headers, content = dict(params.headers), (params.body or "").encode()
    if params.document is not None:
        content = json.dumps(params.document).encode()
        headers.setdefault("Content-Type", "application/json")
    limit = params.timeout.total_seconds() if params.timeout else None
    if params.unless and not looked(params.unless, ctx, limit):
        return Done("It was so already: nothing was sent.")
    if params.only_if and (other := looked(params.only_if, ctx, limit)):
        raise Changed(f"It is not as it was left: {other} Nothing was sent.")
    answer = ctx.http.request(params.method, params.url, headers=headers, content=content, timeout=limit)
    wrong = difference(params.expect, answer)
    if not wrong:
        return Done(f"Answered {answer.status}.")
    is_refusal = 300 <= answer.status < 500 and answer.status not in TRY_AGAIN
    return Failed(wrong, permanent=is_refusal)


def looked(look: Look, ctx: Context, limit: float | None) -> str:
    """What differs there from what the look expects; empty where nothing does. Unreachable where it does not answer properly."""
    answer = ctx.http.request("GET", look.url, headers=look.headers, timeout=limit, key=f"{ctx.idempotency_key}:look")
    wrong = difference(look.expect, answer)
    if wrong and (answer.status >= 500 or answer.status in TRY_AGAIN):
        raise Unreachable(f"Nobody can tell how it is now: {wrong}")
    return wrong


def difference(expect: Expect, answer: HttpAnswer) -> str:
    """What differs from what was expected, in one sentence; empty where nothing does."""
    allowed = [expect.status] if isinstance(expect.status, int) else expect.status
    if (allowed is None and not 200 <= answer.status < 300) or (allowed is not None and answer.status not in allowed):
        wanted = " or ".join(map(str, allowed)) if allowed else "2xx"
        return f"Answered {answer.status}, {wanted} expected: {answer.body[:200].decode(errors='replace').strip()}".rstrip(": ")
    if expect.contains and expect.contains.encode() not in answer.body:
        return f"The answer does not contain {expect.contains!r:.100}."
    if not expect.values:
        return ""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return "The answer is no JSON."
    for path, wanted in expect.values.items():
        found = at_path(document, path)
        if not same(found, wanted):
            return f"{path} is {json.dumps(found, default=str)[:100]}, {json.dumps(wanted)[:100]} expected."
    return ""


def same(found: Any, wanted: Any) -> bool:
    """Equal as JSON: 1 is 1.0, and true is not 1."""
    return isinstance(found, bool) == isinstance(wanted, bool) and bool(found == wanted)
