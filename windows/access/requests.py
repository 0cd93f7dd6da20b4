"""What a view learns about its request: who acts, and the id it goes by in logs and in the audit trail.

The portal's middleware puts both there; nothing below the portal reads a header or a session.
"""

from contextvars import ContextVar
from typing import Any

from windows.access.roles import Actor
from windows.errors import Forbidden

request_id: ContextVar[str] = ContextVar("request_id", default="")  # empty outside a request


def actor_of(request: Any) -> Actor:
    """The actor behind a Django or DRF request; Forbidden where nobody was recognised (fails closed)."""
    actor = getattr(getattr(request, "_request", request), "actor", None)
    if not isinstance(actor, Actor):
        raise Forbidden("Sign in or send a token.", verb="read")
    return actor
