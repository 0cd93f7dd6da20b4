"""Other people's maintenance: which of our services it reaches, and what the database refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests import given_windows as given
from windows.scheduling.models import ExternalWindow, ProviderObject
from windows.scheduling.queries import external_windows

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def announced(*objects: str, provider: str = "example.com", hours: float = 24, **said: Any) -> ExternalWindow:
    begins = given.soon(hours)
    given_by_default = {"uid": f"{hours}@{provider}", "status": "confirmed", "title": "Splice", "via": "upload"}
    return ExternalWindow.objects.create(
        provider=provider, starts_at=begins, ends_at=begins + timedelta(hours=1), objects_named=dict.fromkeys(objects, ""),
        **(given_by_default | said),
    )  # fmt: skip


def leads(name: str, slug: str, environment: str = "", region: str = "", provider: str = "example.com") -> ProviderObject:
    return ProviderObject.objects.create(
        provider=provider, object=name, service=given.service(slug, regions=("r1", "r2")), environment=environment, region=region
    )


def test_a_mapping_leads_from_a_circuit_to_places(django_assert_num_queries: Any) -> None:
    leads("C-1", "orders", "production", "r1")
    leads("C-2", "bank")
    leads("*", "search", region="r2", provider="cloud")
    for hours, objects, provider in ((1, ("C-1", "C-9"), "example.com"), (2, ("C-2",), "example.com"), (3, (), "cloud"), (4, (), "nobody")):
        announced(*objects, provider=provider, hours=hours)
    announced("C-1", hours=5, status="cancelled")
    announced("C-1", hours=500)
    with django_assert_num_queries(3):
        found = external_windows(given.soon(0), given.soon(48))
    assert [[f"{p.service}/{p.environment}/{p.region}" for p in one.places] for one in found] == [
        ["orders/production/r1"], ["bank/production/r1", "bank/production/r2"], ["search/production/r2"], []
    ]  # fmt: skip
    assert [one.unmapped for one in found] == [("C-9",), (), (), ()]
    with django_assert_num_queries(3):
        near = external_windows(given.soon(0), given.soon(48), ["orders", "search"])
    assert [one.services for one in near] == [("orders",), ("search",)] and near[0].reference == "example.com: Splice"
    assert len(external_windows(given.soon(0), given.soon(48), called_off=True)) == 5


def test_the_database_refuses_what_no_window_is() -> None:
    one = announced("C-1")
    for said in ({"ends_at": one.starts_at}, {"title": "a\x07b"}, {"uid": one.uid}):
        with pytest.raises(IntegrityError), transaction.atomic():
            row = {
                "provider": one.provider,
                "uid": "other",
                "status": "confirmed",
                "title": "Splice",
                "via": "upload",
                "starts_at": one.starts_at,
            }
            ExternalWindow.objects.create(**({**row, "ends_at": one.ends_at} | said))
