"""The page behind the address in an approval mail. Looking changes nothing: programs that read mail look too."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods

from windows.approvals.commands.links import decide_by_link, link_of
from windows.approvals.queries import approval_view
from windows.approvals.words import still_to_sign
from windows.audit.clock import clock
from windows.errors import Conflict, Invalid
from windows.scheduling.queries import window_view


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def decide_by_mail(request: HttpRequest, secret: str) -> HttpResponse:
    """Shows what would be decided, as whom; a POST decides."""
    link, actor = link_of(secret, clock())
    view = window_view(link.request.window_id, actor)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            window = decide_by_link(secret, request.POST.get("decision", ""), request.POST.get("reason", "").replace("\0", ""))
        except Invalid as refused:
            error = refused
        else:
            answer = {"window": view, "link": link, "status": window.status, "said": request.POST.get("decision", "")}
            return sealed(render(request, "approvals/by_mail.html", answer))
    asked = next(row for row in approval_view(view.id, actor) if row.number == link.request.number)
    if asked.status != "open":
        raise Conflict(f"This request is {asked.status}: nothing is to be decided here any more.", field="request")
    if not asked.may_sign:
        first = [one for one in asked.missing if one not in asked.later]
        raise Conflict(f"You have signed it, or it is not yours to sign now. {still_to_sign(first)}", field="request")
    context = {"window": view, "asked": asked, "link": link, "error": error, "given": request.POST, "length": view.ends_at - view.starts_at}
    return sealed(render(request, "approvals/by_mail.html", context, status=200 if error is None else error.status))


def sealed(response: HttpResponse) -> HttpResponse:
    """The address must not get about with what one clicks next, nor be found."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
