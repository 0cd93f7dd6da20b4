"""How a view learns who acts. The portal's middleware and its token authentication put the actor on the request."""

from typing import Any

from windows.access.roles import Actor
from windows.errors import Forbidden


def actor_of(request: Any) -> Actor:
    """The actor behind a Django or DRF request; Forbidden where nobody was recognised (fails closed)."""
    actor = getattr(getattr(request, "_request", request), "actor", None)
    if not isinstance(actor, Actor):
        raise Forbidden("Sign in or send a token.", verb="read")
    return actor
