"""What the frame lets a person choose for this browser: light or dark, and one environment. Kept in cookies, posted by plain forms."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from portal.pages.sign_in import onward
from windows.access.pages import ENVIRONMENT, signed_in
from windows.catalogue.models import Environment
from windows.errors import Invalid

THEME = "theme"
THEMES = ("light", "dark", "system")
KEPT = 365 * 24 * 3600  # seconds


@signed_in
def choose_theme(request: HttpRequest) -> HttpResponse:
    """`system` follows the device again. The server writes the choice into the page, so that nothing flashes."""
    wanted = request.POST.get(THEME, "")
    if wanted not in THEMES:
        raise Invalid(f"Choose one of: {', '.join(THEMES)}.", field=THEME)
    return remembered(request, THEME, "" if wanted == "system" else wanted)


@signed_in
def choose_environment(request: HttpRequest) -> HttpResponse:
    """An empty value shows every environment again."""
    wanted = request.POST.get(ENVIRONMENT)
    if wanted is None or (wanted and not Environment.objects.filter(slug=wanted.replace("\0", "")).exists()):
        raise Invalid(f"There is no environment “{(wanted or '')[:60]}”.", field=ENVIRONMENT)
    return remembered(request, ENVIRONMENT, wanted)


def remembered(request: HttpRequest, name: str, value: str) -> HttpResponse:
    """Back to the page the form stood on, with the cookie set, or removed where the value is empty."""
    response = HttpResponseRedirect(onward(request))
    if value:
        response.set_cookie(name, value, max_age=KEPT, secure=settings.SESSION_COOKIE_SECURE, httponly=name != THEME, samesite="Lax")
    else:
        response.delete_cookie(name, samesite="Lax")
    return response
