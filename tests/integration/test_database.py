"""What the database itself refuses."""

import pytest
from django.db import IntegrityError, transaction

from windows.access.roles import ENGINE
from windows.audit.commands import record
from windows.audit.models import AuditEntry


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_r_l01_entries_never_change(db: None, verb: str) -> None:
    with transaction.atomic():
        entry = record("window.created", ENGINE, "MW-1001")
    with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(kind="x") if verb == "update" else entry.delete()
