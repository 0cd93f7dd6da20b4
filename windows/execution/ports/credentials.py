"""A credential's password: derived from the portal's own secret whenever it is needed, and so stored nowhere, in no form."""

from __future__ import annotations

import base64
import hashlib
import hmac

from django.conf import settings
from django.db import transaction
from psycopg.conninfo import conninfo_to_dict

from windows.access.roles import ENGINE
from windows.actions.ports import NotAllowed
from windows.audit.commands import record
from windows.execution.models import Run, Surface
from windows.execution.states import SurfaceStatus

LIBPQ = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "dbname": "PGDATABASE", "options": "PGOPTIONS", "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}  # fmt: skip
# A deviation does not take it away, and one look that found nobody even less: who may not enter is told so by the database itself.
IN_FORCE = [SurfaceStatus.IN_PLACE.value, SurfaceStatus.DRIFTED.value, SurfaceStatus.ACCEPTED.value]


def password_of(row: Surface) -> str:
    """The same at every call, for this row, role and end; another window's is another."""
    about = f"credential {row.pk} {row.desired['role']} {row.created_at.isoformat()}"
    return base64.urlsafe_b64encode(hmac.digest(settings.SECRET_KEY.encode(), about.encode(), hashlib.sha256)).decode().rstrip("=")


def login(run: Run, step: str, name: str, database: str) -> tuple[str, str]:
    """User and password of the window's credential of that name; each use is told. NotAllowed where there is none in force."""
    row = used(run, step, name, database)
    return row.desired["role"], password_of(row)


def libpq(run: Run, step: str, name: str) -> tuple[dict[str, str], str]:
    """As `login`, for a program: libpq's variables that lead it there as that role, and the password beside them."""
    row = used(run, step, name)
    told = conninfo_to_dict(settings.TARGET_DATABASES.get(row.desired["database"].replace("-", "_"), ""))
    where = {variable: str(told[key]) for key, variable in LIBPQ.items() if told.get(key)}
    return {**where, "PGUSER": row.desired["role"]}, password_of(row)


@transaction.atomic(durable=True)
def used(run: Run, step: str, name: str, database: str = "") -> Surface:
    row = Surface.objects.filter(run=run, kind="credential", name=name, status__in=IN_FORCE).first()
    if row is None or (database and row.desired["database"] != database):
        raise NotAllowed(f"This window holds no credential “{name}”{f' for {database}' if database else ''}.")
    told = {"credential": name, "role": row.desired["role"], "database": row.desired["database"], "step": step}
    record("credential.used", ENGINE, run.window.reference, window=run.window.reference, run_id=run.pk, data=told)
    return row
