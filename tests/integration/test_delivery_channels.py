"""A team's channels against a real server: PagerDuty, Slack, signed webhooks; failures, second ways, secrets that are not shown again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.db.models.functions import Now

from tests import given_windows as given
from tests.callers import browser
from tests.given_alerts import alert, heard, open_window
from tests.receivers import Receiver, receiver
from windows.access.roles import Actor, Role
from windows.alerts.commands import ending
from windows.alerts.commands.ending import end_groups
from windows.alerts.commands.groups import said_of
from windows.alerts.commands.telling import tell_due
from windows.alerts.models import Alert, AlertGroup
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.catalogue.models import Person
from windows.delivery.commands import Saying, reach, send_due
from windows.delivery.commands.configuring import ChannelDraft, add_channel, end_channel, send_again, try_channel
from windows.delivery.models import Channel, Message, Urgency, Way
from windows.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "R" * 32
SECRET_PATH = "/services/T000/B000/verysecretpart"


@pytest.fixture
def there(settings: Any) -> Iterator[Receiver]:
    """A receiver on loopback, which the allow list names."""
    settings.HTTP_ALLOWED_HOSTS = ["127.0.0.1"]
    with receiver() as found:
        yield found


@pytest.fixture
def olga() -> Actor:
    given.person("otto", ("shop", Role.ON_CALL))
    return given.actor("olga", ("shop", Role.OWNER))


def channel(olga: Actor, there: Receiver, kind: str, **facts: Any) -> tuple[Channel, str]:
    usual = {"slack": {"address": there.url + SECRET_PATH}, "pagerduty": {"address": f"{there.url}/v2/enqueue", "secret": KEY},
             "webhook": {"address": f"{there.url}/hook"}, "email": {"address": "team@example.org"}}  # fmt: skip
    return add_channel(olga, ChannelDraft(team="shop", kind=kind, name=kind.title(), **(usual[kind] | facts)))


def say(fact: str = "run:1:stuck", urgency: Urgency = Urgency.PAGE, **facts: Any) -> None:
    with transaction.atomic():
        reach(Saying(fact, urgency, "MW-1001 is stuck", "Look <at> it.", "MW-1001", facts), ["otto@example.org"], ["shop"])


def again() -> int:
    """As if every rest were over."""
    Way.objects.update(rests_until=Now())
    Message.objects.filter(status="queued").update(wake_at=Now())
    return send_due()


def test_i06_pagerduty_gets_an_incident_with_its_key_its_severity_and_a_link(olga: Actor, there: Receiver) -> None:
    channel(olga, there, "pagerduty")
    say(component="orders", dedup_key="MW-1001:page")
    send_due()
    ((path, _, _),) = there.got
    (event,) = there.said
    assert path == "/v2/enqueue" and (event["routing_key"], event["event_action"]) == (KEY, "trigger")
    assert event["dedup_key"] == "mw:MW-1001:page"
    assert (event["payload"]["severity"], event["payload"]["component"]) == ("critical", "orders")
    assert event["links"][0]["href"].endswith("/windows/MW-1001")
    assert len(mail.outbox) == 1, "and everybody on call has mail"


def test_i06_slack_gets_text_in_which_nothing_is_a_mention(olga: Actor, there: Receiver) -> None:
    channel(olga, there, "slack")
    say()
    send_due()
    assert there.got[0][0] == SECRET_PATH
    assert there.said == [{"text": ":rotating_light: *MW-1001 is stuck*\nLook &lt;at&gt; it."}]


def test_a_webhook_is_signed_anew_at_each_try_under_one_id(olga: Actor, there: Receiver) -> None:
    _, secret = channel(olga, there, "webhook")
    there.answers = [(503, {})]
    say()
    send_due()
    again()
    (_, first, _), (_, second, body) = there.got
    assert first["webhook-id"] == second["webhook-id"]
    signed = f"{second['webhook-id']}.{second['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()).decode()
    assert hmac.compare_digest(second["webhook-signature"], f"v1,{wanted}")
    assert there.said[1]["type"] == "maintenance.message.page" and there.said[1]["data"]["window"] == "MW-1001"


def test_only_the_urgencies_that_were_chosen_go_there(olga: Actor, there: Receiver) -> None:
    channel(olga, there, "slack", urgencies=("ticket",))
    say("a", Urgency.PAGE)
    say("b", Urgency.TICKET)
    send_due()
    assert len(there.got) == 1 and ":ticket:" in there.said[0]["text"]


def test_r_g05_a_page_whose_channel_fails_twice_goes_the_other_ways_once_and_is_tried_further(olga: Actor, there: Receiver) -> None:
    channel(olga, there, "slack")
    channel(olga, there, "webhook", urgencies=("ticket",))  # pages do not usually go there
    there.answers = [(429, {"Retry-After": "120"}), (500, {})]
    with transaction.atomic():
        reach(Saying("run:1:stuck", Urgency.PAGE, "MW-1001 is stuck", "Look.", "MW-1001"), [], ["shop"])
    send_due()
    message = Message.objects.get()
    assert (message.attempts, message.last_error) == (1, "127.0.0.1 answered 429")
    assert message.wake_at is not None and message.wake_at - clock() > timedelta(seconds=100), "as long as the other side asked"
    again()
    assert {one.channel for one in Message.objects.all()} == {"slack", "webhook", "email"}
    again()
    assert [path for path, _, _ in there.got] == [SECRET_PATH, SECRET_PATH, "/hook", SECRET_PATH], "the way that failed comes last"
    assert [one.to for one in mail.outbox] == [["otto@example.org"]]
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"}
    again()
    assert len(there.got) == 4 and len(mail.outbox) == 1


def test_r_g05_mail_that_is_refused_for_good_goes_to_the_teams_channels(olga: Actor, there: Receiver, settings: Any) -> None:
    channel(olga, there, "slack", urgencies=("ticket",))
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1", 9
    say()
    send_due()
    again()
    again()
    assert len(there.got) == 1 and Message.objects.get(channel="email").attempts == 3


def test_an_address_that_is_gone_ends_its_channel_and_its_page_goes_on(olga: Actor, there: Receiver) -> None:
    made, _ = channel(olga, there, "webhook")
    there.answers = [(410, {})]
    say()
    send_due()
    made.refresh_from_db()
    assert made.ended_at is not None and "410" in made.ended_because
    assert AuditEntry.objects.filter(kind="channel.disabled").exists()
    say("other")
    assert Message.objects.filter(fact="other").count() == 1


@pytest.mark.parametrize(
    ("address", "why"),
    [("http://127.0.0.1:9/x", "not public"), ("http://169.254.169.254/latest", "not public"), ("http://[::1]/x", "not public")],
)
def test_r_s08_inner_addresses_are_reached_only_where_the_allow_list_names_them(olga: Actor, address: str, why: str) -> None:
    add_channel(olga, ChannelDraft(team="shop", kind="slack", name="Inner", address=address))
    say()
    send_due()
    dead = Message.objects.get(channel="slack")
    assert dead.status == "dead" and why in dead.last_error


def test_a_redirect_is_not_followed(olga: Actor, there: Receiver) -> None:
    channel(olga, there, "slack")
    there.answers = [(302, {"Location": "http://127.0.0.1:9/"})]
    say()
    send_due()
    assert len(there.got) == 1 and "redirects are not followed" in Message.objects.get(channel="slack").last_error


def test_r_s18_no_error_and_no_page_tells_the_secret(olga: Actor, there: Receiver, settings: Any) -> None:
    channel(olga, there, "pagerduty")
    add_channel(olga, ChannelDraft(team="shop", kind="slack", name="Away", address=f"http://127.0.0.1:9{SECRET_PATH}"))
    say()
    send_due()
    page = browser(Person.objects.get(pk=olga.person_id))
    for path in ("/settings/channels/", "/settings/undelivered/"):
        text = page.get(path).content.decode()
        assert "verysecretpart" not in text and KEY not in text
    assert not Message.objects.filter(last_error__contains="verysecretpart").exists()
    assert "verysecretpart" not in str(list(AuditEntry.objects.values_list("data", flat=True)))


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"kind": "slack", "address": "ftp://x"}, "address"),
        ({"kind": "slack", "address": "https://user:pw@x.example/"}, "address"),
        ({"kind": "pagerduty", "secret": "short"}, "secret"),
        ({"kind": "email", "address": "nobody"}, "address"),
        ({"kind": "email", "address": "a@example.org", "urgencies": ()}, "urgencies"),
        ({"kind": "email", "address": "a@example.org", "name": " "}, "name"),
    ],
)
def test_what_is_no_channel_is_refused_by_its_field(olga: Actor, draft: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        add_channel(olga, ChannelDraft(**({"team": "shop", "name": "X"} | draft)))
    assert refused.value.field == field and not Channel.objects.exists()


def test_a_channel_is_tried_and_ended_by_its_teams_owner_only(olga: Actor, there: Receiver) -> None:
    made, _ = channel(olga, there, "slack")
    eve = given.actor("eve", ("post", Role.OWNER))
    for act in (try_channel, end_channel):
        with pytest.raises(Forbidden):
            act(eve, made.pk)
    try_channel(olga, made.pk)
    send_due()
    assert "A try of this channel" in there.said[0]["text"]
    end_channel(olga, made.pk)
    made.refresh_from_db()
    assert made.secret == "" and made.ended_at is not None


def test_a_channels_questions_are_asked_to_those_who_may_edit_it_only(olga: Actor, there: Receiver) -> None:
    made, _ = channel(olga, there, "slack")
    eve, owner = given.actor("eve", ("post", Role.OWNER)), browser(Person.objects.get(pk=olga.person_id))
    other = browser(Person.objects.get(pk=eve.person_id))
    for act in ("try", "end"):
        assert "Slack" in owner.get(f"/settings/channels/{made.pk}/{act}").content.decode()
        refused = other.get(f"/settings/channels/{made.pk}/{act}")
        assert refused.status_code == 404 and "“Slack”" not in refused.content.decode()


def test_a_dead_message_is_seen_and_sent_again(olga: Actor, there: Receiver) -> None:
    channel(olga, there, "slack")
    there.answers = [(404, {})]
    say()
    send_due()
    dead = Message.objects.get(status="dead")
    page = browser(Person.objects.get(pk=olga.person_id))
    assert "127.0.0.1 answered 404" in page.get("/settings/undelivered/").content.decode()
    assert page.post(f"/settings/undelivered/{dead.pk}/send-again", {}).status_code == 302
    send_due()
    dead.refresh_from_db()
    assert dead.status == "delivered"
    with pytest.raises(Conflict):
        send_again(olga, dead.pk)


def test_the_page_adds_a_channel_shows_a_made_secret_once_and_keeps_what_was_typed(olga: Actor) -> None:
    page = browser(Person.objects.get(pk=olga.person_id))
    form = {"team": "shop", "kind": "webhook", "name": "Ours", "address": "https://hooks.example/x", "urgencies": ["page", "ticket"]}
    shown = page.post("/settings/channels/", form)
    assert "whsec_" in shown.content.decode() and shown["Cache-Control"] == "no-store"
    assert "whsec_" not in page.get("/settings/channels/").content.decode()
    wrong = page.post("/settings/channels/", form | {"kind": "pagerduty", "address": "", "secret": "abc"})
    assert wrong.status_code == 422 and "32 letters" in wrong.content.decode() and "abc" not in wrong.content.decode()
    assert page.post("/settings/channels/", form | {"team": "post"}).status_code in (403, 404, 422)


def test_alerts_reach_the_teams_channels_and_a_group_is_one_incident(olga: Actor, there: Receiver) -> None:
    open_window()
    channel(olga, there, "pagerduty")
    heard(*(alert(f"Down{n}") for n in range(30)))
    tell_due()
    send_due()
    (event,) = there.said
    assert event["dedup_key"].startswith("mw:MW-") and ":page:" in event["dedup_key"]
    assert "and 29 more" in event["payload"]["summary"]


def later(group: timedelta) -> None:
    """As if the groups had been told so long ago."""
    AlertGroup.objects.update(told_at=clock() - group)
    AlertGroup.objects.filter(wake_at__isnull=False).update(wake_at=clock())


def test_an_incident_ends_with_its_group_and_what_comes_later_is_another(olga: Actor, there: Receiver) -> None:
    open_window()
    channel(olga, there, "pagerduty", urgencies=("page",))
    began = clock()
    heard(alert("A", at=began))
    tell_due()
    assert end_groups() == 0
    heard(alert("A", at=began, over=True))
    assert end_groups() == 0, "its beginning is still on its way: an end that came first would leave it open for ever"
    send_due()
    assert end_groups() == 1 and end_groups() == 0
    send_due()
    heard(alert("B"))
    later(timedelta(minutes=2))
    tell_due()
    send_due()
    first, over, second = there.said
    assert over == {"routing_key": KEY, "dedup_key": first["dedup_key"], "event_action": "resolve"}
    assert second["event_action"] == "trigger" and second["dedup_key"] != first["dedup_key"]
    assert AuditEntry.objects.get(kind="alerts.over").data["incidents"] == 1


def test_what_comes_soon_joins_an_incident_and_what_comes_after_a_quiet_time_wakes_somebody_anew(olga: Actor, there: Receiver) -> None:
    open_window()
    channel(olga, there, "pagerduty", urgencies=("page",))
    for name, since in (("A", 0), ("B", 2), ("C", 30)):
        heard(alert(name, at=clock()))
        later(timedelta(minutes=since))
        tell_due()
        send_due()
    a, b, c = (event["dedup_key"] for event in there.said)
    assert a == b != c
    heard(*(alert(row.name, at=row.starts_at, over=True) for row in Alert.objects.all()))
    assert end_groups() == 1
    send_due()
    assert {(event["event_action"], event["dedup_key"]) for event in there.said[3:]} == {("resolve", a), ("resolve", c)}


def test_r_g05_a_failing_channel_is_asked_rarely_and_holds_nothing_else_up(olga: Actor, there: Receiver) -> None:
    hanging, _ = channel(olga, there, "slack")
    there.answers = [(503, {}), (503, {})]
    for fact in range(5):
        say(f"fact:{fact}")
    send_due()
    assert len(there.got) == 1 and len(mail.outbox) == 5, "the first failure is enough, and mail went all the same"
    say("new")
    send_due()
    assert len(there.got) == 1 and len(mail.outbox) == 6
    again()
    assert len(there.got) == 2, "one message tries it for all"
    way = Way.objects.get()
    assert (way.name, way.failures) == (f"channel:{hanging.pk}", 2) and way.rests_until > clock() + timedelta(seconds=20)
    channel(olga, there, "webhook", urgencies=("ticket",))
    say("urgent")
    send_due()
    assert there.got[-1][0] == "/hook" and there.said[-1]["data"]["fact"] == "urgent", "a page does not wait for a way that fails"
    while Message.objects.filter(status="queued").exists():
        again()
    assert set(Message.objects.values_list("status", flat=True)) == {"delivered"} and not Way.objects.exists()


def test_what_could_not_even_be_tried_for_a_day_is_dead_and_shown(olga: Actor, there: Receiver) -> None:
    made, _ = channel(olga, there, "slack")
    Way.objects.create(name=f"channel:{made.pk}", failures=1, rests_until=clock() + timedelta(minutes=5))
    say()
    Message.objects.filter(target=made).update(created_at=clock() - timedelta(days=2), queued_at=clock() - timedelta(days=2))
    send_due()
    assert Message.objects.get(target=made).status == "dead" and not there.got
    assert AuditEntry.objects.filter(kind="message.died").exists()


def test_what_is_sent_again_after_more_than_a_day_waits_for_its_way_like_anything_new(olga: Actor, there: Receiver) -> None:
    made, _ = channel(olga, there, "slack")
    there.answers = [(404, {})]
    say()
    send_due()
    dead = Message.objects.get(status="dead")
    Message.objects.filter(pk=dead.pk).update(created_at=clock() - timedelta(days=2), queued_at=clock() - timedelta(days=2))
    Way.objects.update_or_create(name=f"channel:{made.pk}", defaults={"failures": 1, "rests_until": clock() + timedelta(minutes=5)})
    send_again(olga, dead.pk)
    send_due()
    dead.refresh_from_db()
    assert dead.status == "queued"


def test_a_group_that_cannot_end_yet_holds_up_none_that_came_after_it(
    olga: Actor, there: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "MANY", 1)
    open_window()
    channel(olga, there, "pagerduty", urgencies=("page",))
    for service_, name in (("orders", "A"), ("billing", "B")):
        began = clock()
        heard(alert(name, at=began, service=service_))
        tell_due()
        send_due()
        heard(alert(name, at=began, over=True, service=service_))
    first = AlertGroup.objects.order_by("pk").first()
    assert first is not None and AlertGroup.objects.count() == 2
    Message.objects.filter(dedup_key__startswith=said_of(first, 1)).update(status="queued", wake_at=clock() + timedelta(hours=1))
    assert end_groups() == 1
