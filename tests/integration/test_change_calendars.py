"""Change calendars of others: unfolded once and asked ever after, read from their address, on pages of their own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import given_notices as sent
from tests import given_windows as given
from tests.integration.test_ways_out import Reader
from windows.access.roles import Role
from windows.actions.ports import HttpAnswer, PortError
from windows.audit.clock import clock
from windows.audit.models import AuditEntry
from windows.errors import Conflict, Forbidden, Invalid
from windows.scheduling.commands import change_calendar_polls as polls
from windows.scheduling.commands import change_periods
from windows.scheduling.commands.calendars_in import conditional
from windows.scheduling.commands.change_calendars import keep_change_calendar, remove_change_calendar, watch_change_calendar
from windows.scheduling.models import ChangeCalendar, ChangePeriod
from windows.scheduling.queries import change_calendars as queries
from windows.scheduling.queries.oracle import change_oracle

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAGE = "/settings/change-calendars/"
SECRET = "https://bank.example/secret.ics"


@pytest.fixture
def olga() -> Any:
    return given.actor("olga", ("shop", Role.OWNER))


def daily(kind: str = "DEFAULT_OPEN", title: str = "Batch", more: str = "RRULE:FREQ=DAILY") -> bytes:
    """An hour every day, from an hour ago on."""
    begins = clock().replace(microsecond=0) - HOUR / 2
    times = (f"DTSTART:{begins:%Y%m%dT%H%M%SZ}", f"DTEND:{begins + HOUR:%Y%m%dT%H%M%SZ}")
    return sent.calendar(f"X-CALENDAR-TYPE:{kind}", "BEGIN:VEVENT", "UID:1", f"SUMMARY:{title}", *times, more, "END:VEVENT")


class Bank:
    """A server of calendars; an int answers that status, None not at all."""

    body: bytes | int | None = None
    asked: list[dict[str, str]]

    def __call__(self, _: str, url: str, *__: Any, headers: dict[str, str], **___: Any) -> HttpAnswer:
        self.asked.append(headers)
        if self.body is None:
            raise PortError("bank.example does not answer.")
        if isinstance(self.body, int):
            return HttpAnswer(self.body, {}, b"")
        return HttpAnswer(200, {"etag": f'"{hash(self.body)}"'}, self.body)


@pytest.fixture
def bank(monkeypatch: Any) -> Bank:
    server = Bank()
    server.asked = []
    monkeypatch.setattr(conditional, "exchange", server)
    return server


def poll() -> ChangeCalendar:
    ChangeCalendar.objects.exclude(url="").update(next_poll_at=clock())
    assert polls.poll_change_calendars() == 1
    return ChangeCalendar.objects.get()


def says(olga: Any, name: str = "bank") -> str:
    answer = change_oracle([f"calendar:{name}"], None, olga)
    return answer.state + "".join(one.why for one in answer.reasons)


def test_i03_a_question_reads_the_rows_and_unfolds_nothing(olga: Any, monkeypatch: Any, django_assert_num_queries: Any) -> None:
    keep_change_calendar(olga, "bank", daily())
    assert ChangePeriod.objects.count() > 390
    monkeypatch.setattr(queries, "unfold", lambda *_: pytest.fail("it was unfolded anew"))
    now = clock()
    with django_assert_num_queries(2):
        found = queries.calendar_closings("bank", now, now + 31 * DAY, now)
    assert len(found) in (31, 32) and {one.ends - one.begins for one in found if one.ends} == {HOUR}
    keep_change_calendar(olga, "other", daily("DEFAULT_CLOSED"))
    with django_assert_num_queries(2):
        listed = queries.change_calendars(now)
    assert [(one.name, one.says.state) for one in listed] == [("bank", "CLOSED"), ("other", "OPEN")]


def test_i03_what_is_asked_beyond_the_rows_is_unfolded_for_that_time(olga: Any) -> None:
    keep_change_calendar(olga, "bank", daily())
    far = clock() + 800 * DAY
    assert change_oracle(["calendar:bank"], far, olga).state == "CLOSED"
    assert change_oracle(["calendar:bank"], far + 2 * HOUR, olga).state == "OPEN"


def test_i03_the_rows_are_made_anew_before_they_run_out(olga: Any) -> None:
    keep_change_calendar(olga, "bank", daily())
    assert change_periods.unfold_due() == 0
    row = ChangeCalendar.objects.get()
    assert row.unfolded_until is not None
    ChangeCalendar.objects.update(unfolded_until=row.unfolded_until - 40 * DAY)
    ChangePeriod.objects.filter(starts_at__gt=row.unfolded_until - 40 * DAY).delete()
    fewer = ChangePeriod.objects.count()
    assert change_periods.unfold_due() == 1 and ChangePeriod.objects.count() > fewer + 35
    ChangeCalendar.objects.update(unfolded_until=None)  # kept before there were rows
    assert says(olga).startswith("CLOSED") and change_periods.unfold_due() == 1 and says(olga).startswith("CLOSED")


def test_i03_one_whose_times_cannot_be_told_any_more_is_closed(olga: Any) -> None:
    keep_change_calendar(olga, "bank", daily(title="Batch"))
    events = ChangeCalendar.objects.get().events
    ChangeCalendar.objects.update(unfolded_until=None, events=[events[0] | {"rrule": "FREQ=SECONDLY"}])
    assert change_periods.unfold_due() == 1 and not ChangePeriod.objects.exists()
    assert "when “Batch” is cannot be told" in says(olga)


def test_i03_one_by_its_address_is_closed_until_it_is_read_and_asked_by_its_etag(olga: Any, bank: Bank) -> None:
    row = watch_change_calendar(olga, "bank", "webcal://bank.example/secret.ics")
    assert row.url == SECRET and "it has not been read yet" in says(olga)
    bank.body = daily(title="Settlement")
    assert poll().error == "" and "Settlement" in says(olga)
    poll()
    assert "If-None-Match" in bank.asked[-1] and AuditEntry.objects.filter(kind="change_calendar.read").count() == 1
    bank.body = sent.calendar()
    poll()
    assert says(olga) == "OPEN" and AuditEntry.objects.filter(kind="change_calendar.read").count() == 2
    with pytest.raises(Conflict):
        keep_change_calendar(olga, "bank", daily())
    assert "secret" not in str(list(AuditEntry.objects.values_list("data", flat=True)))


def test_i03_what_cannot_be_told_closes_at_once_and_silence_after_a_day(olga: Any, bank: Bank) -> None:
    watch_change_calendar(olga, "bank", SECRET)
    bank.body = good = sent.calendar()
    poll()
    bank.body = None
    assert poll().failures == 1 and says(olga) == "OPEN", "what was known counts for a while"
    bank.body = 500
    assert "500" in poll().error and says(olga) == "OPEN"
    ChangeCalendar.objects.update(succeeded_at=clock() - 25 * HOUR)
    assert "it has not been read since" in says(olga)
    bank.body = good
    poll()
    assert says(olga) == "OPEN"
    bank.body = daily(more="RRULE:FREQ=SECONDLY")
    assert poll().failures == 1 and "CLOSED" in says(olga) and "Batch" not in says(olga)
    poll()
    assert AuditEntry.objects.filter(kind="change_calendar.untold").count() == 1, "said once"
    ChangeCalendar.objects.update(unfolded_until=clock())
    assert change_periods.unfold_due() == 1 and "CLOSED" in says(olga), "what is known of before opens nothing"
    bank.body = good
    poll()
    assert says(olga) == "OPEN", "the same text as before it failed"


@pytest.mark.parametrize(
    ("name", "url", "field"), [("Bank", SECRET, "name"), ("bank", "", "url"), ("bank", "ftp://x", "url"), ("kept", SECRET, "name")]
)
def test_what_is_no_address_and_what_is_there_already_is_refused_by_its_field(olga: Any, name: str, url: str, field: str) -> None:
    keep_change_calendar(olga, "kept", daily())
    with pytest.raises((Invalid, Conflict)) as refused:
        watch_change_calendar(olga, name, url)
    assert refused.value.field == field and ChangeCalendar.objects.count() == 1


def test_whoever_may_not_edit_calendars_changes_none(olga: Any) -> None:
    keep_change_calendar(olga, "bank", daily())
    eve = given.actor("eve", ("shop", Role.MEMBER))
    for act in (
        lambda: watch_change_calendar(eve, "other", SECRET), lambda: keep_change_calendar(eve, "bank", daily()),
        lambda: remove_change_calendar(eve, "bank"),
    ):  # fmt: skip
        with pytest.raises(Forbidden):
            act()
    reader = Reader(eve)
    assert "Add a change calendar" not in reader.read(PAGE) and "Take it away" not in reader.read(f"{PAGE}bank/")
    assert [reader.client.get(f"{PAGE}{path}").status_code for path in ("new", "bank/remove")] == [403, 403]


def test_the_pages_say_what_it_says_now_and_next_take_a_file_or_an_address_and_let_go(olga: Any, bank: Bank) -> None:
    reader = Reader(olga)
    assert "No change calendar of others is kept" in reader.read(PAGE)
    refused = reader.send(f"{PAGE}new", 422, name="bank", url=SECRET, text="BEGIN:VCALENDAR").content.decode()
    assert "leave one of them empty" in refused and "BEGIN:VCALENDAR" in refused, "what was typed stays"
    assert 'id="file-error"' in reader.send(f"{PAGE}new", 422, name="bank", text="BEGIN:NOTHING").content.decode()
    assert 'id="name-error"' in reader.send(f"{PAGE}new", 422, name="The bank", text="x").content.decode()
    reader.send(f"{PAGE}new", name="bank", file=SimpleUploadedFile("bank.ics", daily(title="Settlement")))
    text = reader.read(PAGE)
    assert "Closed" in text and "opens" in text and "open but for its events" in text and "from a file" in text
    one = reader.read(f"{PAGE}bank/")
    assert "Settlement" in one and "calendars=bank" in one and f'href="{PAGE}new?name=bank"' in one
    assert 'value="bank"' in reader.read(f"{PAGE}new?name=bank")
    reader.send(f"{PAGE}new", name="market", url=SECRET)
    text = reader.read(f"{PAGE}market/")
    assert "it has not been read yet" in text and "bank.example" in text and "secret" not in text and "Replace it by a file" not in text
    bank.body = None
    polls.poll_change_calendars()
    assert "does not answer" in reader.read(PAGE) and "does not answer" in reader.read(f"{PAGE}market/")
    for name in ("bank", "market"):
        assert "stops" in reader.read(f"{PAGE}{name}/remove")
        reader.send(f"{PAGE}{name}/remove")
    assert not ChangeCalendar.objects.exists() and reader.client.get(f"{PAGE}bank/").status_code == 404
