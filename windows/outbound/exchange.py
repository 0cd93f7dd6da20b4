"""One HTTP exchange: httpx over a guarded network backend. No redirects, no proxies, no cookies, a bounded body, one deadline."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

import httpcore
import httpx

from slo.telemetry import carrying
from windows.actions.ports import HttpAnswer, NotAllowed, Rejected, Unreachable
from windows.outbound.limits import Limits
from windows.outbound.streams import GuardedBackend, Resolve, resolve

LARGEST_BODY = 1024 * 1024


@cache
def trust() -> ssl.SSLContext:
    return ssl.create_default_context()


class Body(httpx.SyncByteStream):
    def __init__(self, stream: Iterable[bytes]) -> None:
        self.stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self.stream

    def close(self) -> None:
        if close := getattr(self.stream, "close", None):
            close()


class GuardedTransport(httpx.BaseTransport):
    """httpx's own transport takes no network backend; this one does, and nothing else."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self.pool = httpcore.ConnectionPool(ssl_context=trust(), network_backend=backend, max_keepalive_connections=0)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path)
        inner = httpcore.Request(request.method, url, headers=request.headers.raw, content=request.read(), extensions=request.extensions)
        answer = self.pool.handle_request(inner)
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(answer.status, headers=answer.headers, stream=Body(answer.stream), extensions=answer.extensions)

    def close(self) -> None:
        self.pool.close()


def exchange(
    method: str,
    url: str,
    limits: Limits,
    *,
    headers: Mapping[str, str],
    allowed: Iterable[str] = (),
    content: bytes = b"",
    resolver: Resolve = resolve,
) -> HttpAnswer:
    """`allowed` are the hosts that may be reached wherever they lead; any other only where it leads to a public address.

    Raises NotAllowed, Rejected, Unreachable, TimedOut or Stopped; a redirect is an answer like any other.
    """
    limits.check(f"{method} {url}")
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise Rejected(f"{url[:200]!r} is no URL: {error}")
    if target.scheme not in ("http", "https") or not target.host or target.userinfo:
        raise NotAllowed("Only http and https URLs without credentials may be reached.")
    transport = GuardedTransport(GuardedBackend(limits, allowed, resolver))
    sent = {"Accept-Encoding": "identity", **carrying.headers(), **headers}
    try:
        with (
            httpx.Client(transport=transport, trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113 — the backend keeps the deadline
            client.stream(method, target, headers=sent, content=content) as answer,
        ):
            return HttpAnswer(answer.status_code, dict(answer.headers), whole(answer))
    except (httpx.HTTPError, httpcore.ProtocolError, httpcore.NetworkError) as error:
        raise Unreachable(f"{target.host}: {error or type(error).__name__}")
    except (ValueError, UnicodeError) as error:
        raise Rejected(f"The request cannot be sent: {error}")


def whole(answer: httpx.Response) -> bytes:
    """The body as sent, up to the cap; a compressed one was not asked for and could be a bomb."""
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise Rejected("The answer is compressed though that was not asked for.")
    body = bytearray()
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Rejected(f"The answer is longer than {LARGEST_BODY // 1024} KiB.")
    return bytes(body)
