"""Every address of the portal, by slice."""

from django.urls import URLPattern, URLResolver, include, path

from portal.pages.health import healthz, readyz
from portal.pages.sign_in import sign_in, sign_out

handler400, handler403, handler404, handler500 = (
    f"portal.problems.{name}" for name in ("not_understood", "not_allowed", "not_found", "broken")
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-out/", sign_out, name="sign-out"),
    path("api/", include("portal.api.urls")),
]
