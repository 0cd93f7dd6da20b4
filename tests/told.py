"""Judges every committed transaction: whatever changed what people decide about must have told the trail in the same transaction.

Triggers note who changed which table; so it sees every way in: pages, API, tasks, worker processes, raw SQL. For tests with real commits.
"""

from __future__ import annotations

from types import TracebackType

from django.apps import apps
from django.db import connection

# Not acts of anybody: measurements and evidence, sessions and answers kept for repeats, the trail itself, what nodes say they applied.
NO_ACTS = {
    *("telemetry_measurement", "telemetry_taggedminute", "telemetry_daytotal", "telemetry_sample"),
    *("execution_steplog", "execution_checkresult", "execution_gatereading"),
    *("api_storedanswer", "api_failedsignin", "django_session", "django_content_type", "auth_permission"),
    *("audit_auditpending", "audit_auditseal", "audit_audithead"),
    *("flags_flagcounter", "flags_flagreceipt"),
    "live_livescope",  # plain values that follow from the run
    *("scheduling_collision", "scheduling_conflictquestion", "scheduling_trailreader"),  # what conflicts were found is told as it changes
    "announcements_edition",  # the public page as rendered: what it shows is told where it is written
    "delivery_way",  # which ways out fail at the moment: what died of it is told
    "delivery_message",  # finished messages on their way; what they say stands in the trail
}
# Bookkeeping that changes nothing for anybody: leases, when something was last used, further tries of a compensation that was told.
BOOKKEEPING = [
    "wake_at",
    "lease_until",
    "fence",
    "last_used_at",
    "last_heard_at",
    "last_login",
    "checkpoint",
    "undo_attempt",
    "undo_started_at",
]
BOOKKEEPING += [
    "observed",
    "observed_note",
    "observed_at",
    "lapses_at",
    "due_at",
    "pulled_at",
    "slices_from",
]  # a look at a surface, or into Git, that found nothing new


class Told:
    """`untold()` lists, per transaction that told the trail nothing, the tables it changed."""

    def __enter__(self) -> Told:
        tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - NO_ACTS
        with connection.cursor() as cursor:
            cursor.execute("create table told_note (xid bigint, tab text)")
            cursor.execute(
                """
                create function told_note() returns trigger language plpgsql security definer as $$
                begin
                    if tg_op = 'UPDATE' and to_jsonb(new) - %s::text[] = to_jsonb(old) - %s::text[] then return null; end if;
                    insert into told_note values (pg_current_xact_id()::text::bigint, tg_table_name || ' ' || lower(tg_op));
                    return null;
                end $$""",
                [BOOKKEEPING, BOOKKEEPING],
            )
            for table in tables:
                events = "insert" if table == "audit_auditentry" else "insert or update or delete"
                cursor.execute(f'create trigger told_note after {events} on "{table}" for each row execute function told_note()')
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with connection.cursor() as cursor:
            cursor.execute("drop function told_note() cascade")
            cursor.execute("drop table told_note")

    def reset(self) -> None:
        """What was done up to now was a test's preparation."""
        with connection.cursor() as cursor:
            cursor.execute("truncate told_note")

    def untold(self) -> list[list[str]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "select array_agg(distinct tab order by tab) from told_note group by xid"
                " having not bool_or(tab = 'audit_auditentry insert')"
            )
            return [row[0] for row in cursor.fetchall()]

    def changes(self) -> int:
        """How many transactions changed anything: to show that something was judged at all."""
        with connection.cursor() as cursor:
            cursor.execute("select count(distinct xid) from told_note")
            return int(cursor.fetchone()[0])
