"""Signing in and out. A guess is slow, an unknown account answers like a known one, and a session never survives a sign-in."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.api.models import FailedSignIn

SPAN = timedelta(minutes=10)
PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS, PER_ACCOUNT = 8, 60, 120  # failures within SPAN; the last bounds a guess from many addresses


def address_of(request: HttpRequest) -> str:
    """The caller's address. Behind a declared TLS proxy it is what that proxy put last; a header by itself is never believed."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.SECURE_PROXY_SSL_HEADER else ""
    return (forwarded.rsplit(",", 1)[-1].strip() or request.META.get("REMOTE_ADDR") or "unknown")[:45]


def throttled(account: str, address: str) -> bool:
    recent = FailedSignIn.objects.filter(at__gt=Now() - SPAN).filter(Q(account=account) | Q(address=address))
    counted: dict[str, int] = recent.aggregate(
        both=Count("pk", filter=Q(account=account, address=address)),
        by_address=Count("pk", filter=Q(address=address)),
        by_account=Count("pk", filter=Q(account=account)),
    )
    limits = {"both": PER_ACCOUNT_AND_ADDRESS, "by_address": PER_ADDRESS, "by_account": PER_ACCOUNT}
    return any(counted[name] >= limit for name, limit in limits.items())


def onward(request: HttpRequest) -> str:
    """Where to go afterwards: a path of this portal, or its front page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) and wanted.startswith("/") and "\\" not in wanted
    return wanted if safe else settings.LOGIN_REDIRECT_URL


@sensitive_post_parameters("password")
@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    context = {"next": onward(request), "email": request.POST.get("email", "")[:254]}
    if request.method != "POST":
        return HttpResponseRedirect(onward(request)) if request.user.is_authenticated else render(request, "portal/sign_in.html", context)
    typed, address = request.POST.get("email", "").strip().lower()[:254], address_of(request)
    account = hashlib.sha256(typed.encode()).hexdigest()
    if throttled(account, address):
        refusal = render(
            request, "portal/sign_in.html", {**context, "error": "Too many tries. Wait ten minutes, or ask an administrator."}, status=429
        )
        refusal["Retry-After"] = str(int(SPAN.total_seconds()))
        return refusal
    person = authenticate(request, username=typed.replace("\0", ""), password=request.POST.get("password", "")[:200])
    if person is None:  # unknown, wrong, disabled: one answer
        FailedSignIn.objects.filter(at__lt=Now() - 6 * SPAN).delete()
        FailedSignIn.objects.create(account=account, address=address)
        return render(request, "portal/sign_in.html", {**context, "error": "E-mail address and password do not match."}, status=422)
    request.session.flush()
    login(request, person)  # with a new session key
    FailedSignIn.objects.filter(account=account, address=address).delete()
    return HttpResponseRedirect(onward(request))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    response = HttpResponseRedirect(settings.LOGOUT_REDIRECT_URL)
    response["Clear-Site-Data"] = '"cache"'
    return response
