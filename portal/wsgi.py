"""The web process: pages and the API."""

import os

from portal.checks import refuse_insecure

refuse_insecure()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from django.core.wsgi import get_wsgi_application  # noqa: E402  (not before the settings are known to be sound)

from portal.settings import impatient  # noqa: E402

impatient()
application = get_wsgi_application()
