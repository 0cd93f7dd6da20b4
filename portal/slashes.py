"""A page asked for with a slash too many at its end is led to its address."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve
from django.utils.encoding import escape_uri_path, iri_to_uri


def without_slash(request: HttpRequest) -> HttpResponsePermanentRedirect | None:
    """The way to the same address without its slash, for GET and HEAD, where there is such a page. Never for programs, who are told that
    their address is wrong, and never to another host."""
    path = request.path.rstrip("/")
    if request.method not in ("GET", "HEAD") or path == request.path or not path or path.startswith(("//", "/api/")):
        return None
    try:
        resolve(request.path_info.rstrip("/"))
    except Resolver404:
        return None
    asked = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(escape_uri_path(path) + (f"?{iri_to_uri(asked)}" if asked else ""))
