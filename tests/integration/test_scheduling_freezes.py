"""Freezes and conflicts as the database answers them."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from tests import given_windows as given
from windows.access.roles import ENGINE, Role
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid, NotFound
from windows.lifecycle.states import WindowStatus
from windows.scheduling.commands.freezes import FreezeDraft, create_freeze, lift_freeze
from windows.scheduling.commands.transitions import move
from windows.scheduling.models import Freeze, Window
from windows.scheduling.queries import conflicts_of, freezes_for

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def ada() -> Any:
    return given.actor("ada", ("shop", Role.OWNER))


@pytest.fixture
def sre() -> Any:
    return given.actor("sam", ("platform", Role.SRE))


def ask(window: Window, actor: Any) -> None:
    with transaction.atomic():
        move(window.pk, WindowStatus.REQUESTED, actor, "window.requested", expected=WindowStatus.DRAFT)


def frozen(actor: Any, window: Window, **said: Any) -> Freeze:
    given_period = {"starts_at": window.starts_at - HOUR, "ends_at": window.ends_at + HOUR}
    return create_freeze(actor, FreezeDraft(**({"title": "Peak season"} | given_period | said)))


def test_a_freeze_lists_the_windows_it_hits_and_ends_when_lifted(ada: Any, sre: Any) -> None:
    window = given.window(ada)
    ask(window, ada)
    secret = given.window(ada, "vault", confidential=True, coordinator_id=given.person("vic").pk)
    ask(secret, ada)
    other = given.window(ada, "mail")  # a draft is not hit
    freeze = frozen(sre, window)
    told = AuditEntry.objects.get(kind="freeze.created").data
    assert (told["windows"], told["confidential"]) == ([window.reference], 1) and secret.reference not in str(told)
    assert [f.title for f in freezes_for(window.pk, window.starts_at)] == ["Peak season"]
    assert freezes_for(window.pk, freeze.ends_at) == [] and freezes_for(window.pk, freeze.starts_at) != []
    assert [(f.kind, f.severity) for f in conflicts_of(other.pk) if f.kind == "freeze"] == [("freeze", "hard")]
    lift_freeze(sre, freeze.pk, "The peak is over.")
    assert freezes_for(window.pk, window.starts_at) == []
    with pytest.raises(Conflict):
        lift_freeze(sre, freeze.pk, "Again.")


def test_freezes_match_their_scope(ada: Any, sre: Any) -> None:
    window = given.window(ada)
    given.service("mail", "office")
    for said, hit in (
        ({"services": ("orders",)}, True),
        ({"services": ("mail",)}, False),
        ({"teams": ("shop",)}, True),
        ({"teams": ("office",)}, False),
        ({"environments": ("production",)}, True),
    ):
        freeze = frozen(sre, window, **said)
        assert bool(freezes_for(window.pk, window.starts_at)) is hit, said
        lift_freeze(sre, freeze.pk, "Tried.")


def test_who_may_freeze_what(ada: Any, sre: Any) -> None:
    window = given.window(ada)
    given.service("mail", "office")
    assert frozen(ada, window, teams=("shop",)).pk and frozen(ada, window, services=("orders",)).pk
    for said in ({}, {"teams": ("shop", "office")}, {"services": ("mail",)}, {"environments": ("production",)}):
        with pytest.raises(Forbidden):
            frozen(ada, window, **said)
    with pytest.raises(Forbidden):
        frozen(ENGINE, window)
    with pytest.raises(NotFound):
        lift_freeze(sre, 99, "None.")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": "a\nb"}, "title"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at"),
        ({"ends_at": "2029-01-01T00:00:00Z"}, "ends_at"),
        ({"severity": "fatal"}, "severity"),
        ({"on_running": "panic"}, "on_running"),
        ({"services": ("nothing",)}, "services[0]"),
        ({"teams": ("shop", "nobody")}, "teams[1]"),
        ({"environments": (7,)}, "environments[0]"),
    ],
)
def test_r_e14_a_bad_freeze_names_its_field(ada: Any, sre: Any, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        frozen(sre, given.window(ada), **said)
    assert refused.value.field == field


def test_r_e03_conflicts_are_found_in_the_database(ada: Any, django_assert_max_num_queries: Any) -> None:
    given.service("payments")
    given.service("bank", "finance")
    given.service("web")
    window = given.window(ada)
    given.needs("orders", "payments")
    given.needs("payments", "bank")
    given.needs("web", "orders")
    bo = given.actor("bo", ("finance", Role.OWNER))
    rivals = {
        "scope": given.window(ada, coordinator_id=bo.person_id),
        "bank": given.window(bo, "bank", team="finance", confidential=True),
        "web": given.window(ada, "web", coordinator_id=bo.person_id),
        "mail": given.window(ada, "mail"),
        "draft": given.window(ada, "payments", coordinator_id=bo.person_id),
    }
    for name, rival in rivals.items():
        if name != "draft":
            ask(rival, ada)
    with django_assert_max_num_queries(13):
        found = conflicts_of(window.pk, ada)
    grave = [f for f in found if f.severity != "advisory"]  # ada owns them all, which is only pointed out
    assert [(f.kind.value, f.severity.value, f.who) for f in grave] == [
        ("scope", "hard", rivals["scope"].reference),
        ("dependency", "soft", rivals["web"].reference),
        ("dependency", "soft", "a confidential window"),
        ("person", "soft", rivals["mail"].reference),
    ]
    assert rivals["bank"].reference in {f.who for f in conflicts_of(window.pk, bo)}
    assert "a confidential window" in {f.who for f in conflicts_of(window.pk)}


def test_an_emergency_meets_others_and_never_holds_a_slot(ada: Any) -> None:
    window, urgent = given.window(ada), given.window(ada, change_type="emergency")
    with transaction.atomic():
        move(urgent.pk, WindowStatus.RUNNING, ada, "window.started", expected=WindowStatus.DRAFT)
    ask(window, ada)
    assert ("scope", "soft", urgent.reference) in [(f.kind, f.severity, f.who) for f in conflicts_of(window.pk, ada)]
