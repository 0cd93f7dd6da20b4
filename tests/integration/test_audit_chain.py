"""The trail: one chain without fork or gap, and no edit, however small, that verification does not name."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from portal.bootstrap.postgres import APP
from windows.access.roles import ENGINE, Actor
from windows.audit.chain import GENESIS, Head
from windows.audit.commands import record, seal, sign_head
from windows.audit.models import AuditEntry, AuditHead, AuditPending, AuditSeal
from windows.audit.queries import sealed, trail, unsealed
from windows.audit.tasks import sweep
from windows.audit.verification import verify

ADA = Actor(name="Ada Lovelace", person_id=7)
TABLES = ["audit_auditentry", "audit_auditseal", "audit_audithead"]


def tell(number: int, **more) -> AuditEntry:
    with transaction.atomic():
        return record(
            "window.created", ADA, f"MW-{number}", window=f"MW-{number}", data={"title": f"Step {number} — “ünïcode”", "n": number, **more}
        )


def chain(length: int) -> None:
    for number in range(length):
        tell(number, share=0.1 + number, deep={"list": [1, 2.50, None, True, "x"]})
    assert seal() == length


class as_superuser:
    """What an attacker with all rights does: past the triggers, past the constraints. Undone at the end."""

    def __enter__(self) -> "as_superuser":
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.cursor = connection.cursor()
        self.cursor.execute("set local session_replication_role = replica")
        return self

    def run(self, statement: str, *values: object) -> None:
        self.cursor.execute(statement, values)
        assert self.cursor.rowcount > 0, "the fault did not happen"

    def __exit__(self, *failure: object) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("verb", ["update {} set digest = digest", "delete from {}", "truncate {}"])
def test_r_l01_the_app_role_lacks_the_privilege(table: str, verb: str) -> None:
    chain(2)
    sign_head()
    statement = verb.format(table).replace("set digest = digest", "set kind = 'x'" if table == "audit_auditentry" else "set digest = 'x'")
    with connection.cursor() as cursor:
        cursor.execute(f"set local role {APP}")
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute(statement)
        cursor.execute("reset role")


@pytest.mark.django_db
@pytest.mark.parametrize("table", TABLES)
def test_r_l01_the_trigger_refuses_even_those_who_have_it(table: str) -> None:
    chain(2)
    sign_head()
    with connection.cursor() as cursor:
        cursor.execute(f"grant update, delete on {table} to {APP}")
        for role in (APP, None):
            cursor.execute(f"set local role {role}" if role else "reset role")
            for statement in (f"update {table} set {'kind' if table == TABLES[0] else 'digest'} = 'x'", f"delete from {table}"):
                with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
                    cursor.execute(statement)
    assert verify().is_whole


@pytest.mark.django_db
def test_r_l01_the_app_role_records_and_seals() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"set local role {APP}")
        tell(1)
        assert seal() == 1
        assert sign_head()
        cursor.execute("reset role")
    assert verify().is_whole


@pytest.mark.django_db
def test_the_chain_follows_from_genesis() -> None:
    assert verify().digest == GENESIS
    chain(3)
    tell(4)
    report = verify()
    assert (report.sealed, report.unsealed, report.is_whole) == (3, 1, True)
    assert list(AuditSeal.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3]
    assert report.digest == AuditSeal.objects.get(position=3).digest
    assert unsealed()[0] == 1
    sweep()
    assert unsealed() == (0, None)
    assert AuditHead.objects.count() == 1  # the hourly one
    sweep()
    assert AuditHead.objects.count() == 1


EDITS = {
    "audit_auditentry": ["kind", "actor", "via", "subject", "window", "request_id", "data", "at", "actor_id", "run_id"],
    "audit_auditseal": ["digest"],
}


@pytest.mark.django_db
def test_r_l02_a_superuser_s_smallest_edit_is_named() -> None:
    """Random edits of one character or one unit; each must be found at its place."""
    chain(120)
    chance = random.Random(20260323)
    for _ in range(150):
        table = chance.choice(["audit_auditentry"] * 4 + ["audit_auditseal"])
        column = chance.choice(EDITS[table])
        seal_ = AuditSeal.objects.get(position=chance.randint(1, 120))
        key, value = ("id", seal_.entry_id) if table == "audit_auditentry" else ("position", seal_.position)
        with as_superuser() as attacker:
            attacker.cursor.execute(f'select "{column}"::text from {table} where {key} = %s', [value])
            (text,) = attacker.cursor.fetchone()
            if column == "at":
                change = "at + interval '1 microsecond'"
            elif column in ("actor_id", "run_id"):
                change = f"coalesce({column}, 0) + 1"
            elif column == "data":
                spots = [n for n, char in enumerate(text) if char.isalnum() and char not in "rtfnlsuae"]
                spot = chance.choice(spots)
                new = text[:spot] + ("7" if text[spot] != "7" else "3") + text[spot + 1 :]
                json.loads(new)
                change = f"$q${new}$q$::jsonb"
            else:
                spot = chance.randrange(len(text) or 1)
                change = f"$q${text[:spot]}x{text[spot + 1 :]}$q$"
                if change == f"$q${text}$q$":
                    continue
            attacker.run(f'update {table} set "{column}" = {change} where {key} = %s', value)
            report = verify()
            assert not report.is_whole, (table, column)
            assert report.position == seal_.position, (table, column, report)
    assert verify().is_whole


ATTACKS = {
    "an entry removed": ("delete from audit_auditentry where id = (select entry_id from audit_auditseal where position = 4)", 4),
    "a seal removed": ("delete from audit_auditseal where position = 4", 4),
    "the first removed": ("delete from audit_auditseal where position = 1", 1),
    "both removed and closed up": (
        "delete from audit_auditseal where position = 4; update audit_auditseal set position = position - 1 where position > 4", 4),
    "two swapped": (
        "update audit_auditseal a set entry_id = b.entry_id from audit_auditseal b where (a.position, b.position) in ((4, 6), (6, 4))", 4),
    "a number beyond a float's digits": (
        "update audit_auditentry set data = jsonb_set(data, '{share}', '3.1000000000000000000000001') where subject = 'MW-3'", 4),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", ATTACKS)
def test_r_l02_what_else_an_owner_of_the_database_may_try(name: str) -> None:
    chain(9)
    statement, place = ATTACKS[name]
    with as_superuser() as attacker:
        if name == "both removed and closed up":
            attacker.cursor.execute("delete from audit_auditentry where id = (select entry_id from audit_auditseal where position = 4)")
        if name == "two swapped":
            attacker.cursor.execute("alter table audit_auditseal drop constraint audit_auditseal_entry_id_key")
        for part in statement.split(";"):
            attacker.run(part)
        report = verify()
        assert (report.is_whole, report.position) == (False, place), report.why
    assert verify().is_whole


@pytest.mark.django_db
def test_r_l02_a_fork_is_seen() -> None:
    chain(5)
    with as_superuser() as attacker:
        attacker.cursor.execute("alter table audit_auditseal drop constraint audit_auditseal_pkey")
        entry = tell(99)
        attacker.run("insert into audit_auditseal (position, entry_id, digest) values (3, %s, %s)", entry.pk, "f" * 64)
        report = verify()
        assert report.position == 3
        assert not report.is_whole


@pytest.mark.django_db
def test_r_l02_an_entry_that_never_entered_the_chain_is_seen() -> None:
    chain(5)
    with as_superuser() as attacker:
        attacker.run(
            "insert into audit_auditentry (kind, actor, via, subject, data) values ('window.approved', 'Ada', 'browser', 'MW-1', '{}')"
        )
        assert not AuditPending.objects.exists()
        report = verify()
        assert report.position is None
        assert "neither in the chain" in report.why


@pytest.mark.django_db
def test_r_l03_truncation_and_rewriting_are_seen_by_a_head_kept_elsewhere() -> None:
    chain(9)
    exported = sign_head()
    assert exported
    chain(3)
    with as_superuser() as attacker:
        attacker.run("delete from audit_audithead")
        cut(attacker, 10)
        assert verify([exported]).is_whole  # behind the head nobody can know: the interval of exports is the blind one
        cut(attacker, 8)
        assert verify().is_whole
        report = verify([exported])
        assert "cut off" in report.why
        assert report.position == 8
    with as_superuser() as attacker:  # written anew, whole in itself
        attacker.run("delete from audit_audithead")
        attacker.run("update audit_auditentry set actor = 'Eve' where subject = 'MW-5'")
        attacker.run("delete from audit_auditseal")
        attacker.run("insert into audit_auditpending select id from audit_auditentry")
        attacker.cursor.execute("set local session_replication_role = origin")
        seal.__wrapped__()  # within the transaction that is undone
        assert verify().is_whole
        assert "written anew" in verify([exported]).why


def cut(attacker: as_superuser, place: int) -> None:
    attacker.run("delete from audit_auditentry where id in (select entry_id from audit_auditseal where position >= %s)", place)
    attacker.run("delete from audit_auditseal where position >= %s", place)


@pytest.mark.django_db
def test_r_l03_a_head_that_we_did_not_sign_proves_nothing(settings) -> None:
    chain(3)
    head = sign_head()
    assert head
    forged = Head(head.position, "0" * 64, head.at, head.signature)
    assert "signature" in verify([forged]).why
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert verify([head]).is_whole  # a key that was changed, the old one still known
    settings.SECRET_KEY_FALLBACKS = []
    assert not verify([head]).is_whole


@pytest.mark.parametrize("database", ["embedded", "pg15"], indirect=True)
def test_r_l04_fifty_writers_one_chain(database: str) -> None:
    """Writers commit in any order while three sealers compete: no entry lost, no fork, no gap."""
    done = []

    def write(number: int) -> None:
        try:
            for turn in range(8):
                with transaction.atomic():
                    record("run.started", ENGINE, f"MW-{number}-{turn}")
                    if (number + turn) % 5 == 0:
                        transaction.set_rollback(True)  # a gap in the ids
        finally:
            done.append(number)
            connection.close()

    def seal_on() -> int:
        try:
            total = 0
            while len(done) < 50:
                total += seal(7)
            return total
        finally:
            connection.close()

    with ThreadPoolExecutor(53) as pool:
        sealers = [pool.submit(seal_on) for _ in range(3)]
        list(pool.map(write, range(50)))
    by_hand = sum(sealer.result() for sealer in sealers)
    while rest := seal():
        by_hand += rest
    written = AuditEntry.objects.count()
    assert written == 50 * 8 * 4 // 5
    assert by_hand == written
    report = verify()
    assert (report.is_whole, report.sealed, report.unsealed) == (True, written, 0)
    ids = list(AuditEntry.objects.order_by("id").values_list("id", flat=True))
    assert ids[-1] - ids[0] > len(ids), "no transaction was rolled back"


@pytest.mark.django_db
def test_reading_the_trail_page_by_page(django_assert_num_queries) -> None:
    chain(5)
    tell(5)
    with django_assert_num_queries(1):
        first = trail(limit=4)
    rest = trail(after=first[-1].id, limit=4)
    assert [entry.subject for entry in first + rest] == [f"MW-{n}" for n in range(6)]
    assert [entry.position for entry in first + rest] == [1, 2, 3, 4, 5, None]
    newest = trail(newest_first=True, limit=2)
    assert [entry.subject for entry in newest + trail(newest_first=True, after=newest[-1].id, limit=1)] == ["MW-5", "MW-4", "MW-3"]
    assert [entry.subject for entry in trail(window="MW-3")] == ["MW-3"]
    assert [entry.subject for entry in trail(kinds=["window.closed"])] == []
    assert [entry.position for entry in sealed(after=2, limit=2)] == [3, 4]
    assert sealed(after=5) == []


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["\0", "\ud800", "\r\n2026 forged line", '"}, {"kind": "x"', "\x1b[31m"])
def test_r_l06_hostile_text_is_recorded_as_one_entry(text: str) -> None:
    with transaction.atomic():
        record("window.created", Actor(name=text, person_id=1), text, data={"title": text, text: [text]})
    assert seal() == 1
    assert verify().is_whole
    (entry,) = trail()
    if text.isprintable() or text[0] in "\r\x1b":
        assert entry.data["title"] == text


def test_what_is_recorded_outside_a_transaction_is_refused(transactional_db: None) -> None:
    with pytest.raises(RuntimeError):
        record("window.created", ADA, "MW-1")


@pytest.mark.django_db
def test_the_command_verifies_states_and_seals(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="empty"):
        call_command("audit", "head")
    tell(1)
    said = StringIO()
    call_command("audit", "seal", stdout=said)
    assert said.getvalue().strip() == "1 sealed"
    said = StringIO()
    call_command("audit", "head", stdout=said)
    kept = tmp_path / "head.json"
    kept.write_text(said.getvalue())
    said = StringIO()
    call_command("audit", "verify", f"--head={kept}", stdout=said)
    assert "whole: 1 entries and 2 signed heads" in said.getvalue()
    with as_superuser() as attacker:
        attacker.run("update audit_auditentry set actor = 'Eve'")
        with pytest.raises(CommandError, match="broken at position 1: entry"):
            call_command("audit", "verify", f"--head={kept}")
    kept.write_text("{}")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("audit", "verify", f"--head={kept}")


@pytest.mark.django_db
def test_what_is_recorded_comes_back_whole(django_assert_num_queries) -> None:
    with transaction.atomic(), django_assert_num_queries(1):
        entry = record("window.created", ADA, "MW-1", data={"n": 1})
    assert (entry.pk, entry.at) == AuditEntry.objects.values_list("pk", "at").get()
