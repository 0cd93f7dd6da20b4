"""Reading runbooks: what a good text means, and where a bad one is wrong."""

from __future__ import annotations

import textwrap
import time
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windows.runbooks.spec import ActionSpec, BackupCheck, SpecError, parse, resolve
from windows.runbooks.spec.model import ParameterSpec
from windows.runbooks.spec.parameters import misfit

GOOD = """\
runbook: orders-schema-migration
title: Orders schema migration
layers: [L5]
backup_check: {database: orders, query: select max(finished_at) from backups, max_age: 24h}
parameters:
  batch: {type: integer, default: 500, minimum: 1, maximum: 10000}
  port: {type: integer, minimum: 1, maximum: 65535}
rollback_reserve: 2m
on_turn_back: hold
watch:
  - name: write errors
    objective: orders-writes
    window: 30s
    pass: ">= 0.99"
    fail: "< 0.95"
    interval: 2s
    consecutive_failures: 2
    on_fail: hold
steps:
  - name: Freeze writes
    flag: {service: orders, environment: production, mode: read_only, retry_after: 30, converge: {timeout: 60s}}
    timeout: 90s
    retry: {attempts: 3, backoff: 2s}
    repeatable: true
  - name: Migrate
    sql: {database: orders, statements: ["alter table orders add column currency text"], timeout: 30s}
    undo: {sql: {database: orders, statements: ["alter table orders drop column if exists currency"]}}
  - {name: The column is there, gate: {prometheus: columns, pass: "== 1"}}
  - name: Backfill
    sql:
      database: orders
      once: true
      statements: ["update orders set currency = 'EUR' where id <= {{ batch }}"]
    undo: none
    because: the undo of the step before drops the column
validation:
  - name: Smoke test
    http: {url: "http://127.0.0.1:{{ port }}/healthz", expect: {status: 200}}
"""
BACKUP = "backup_check: {database: orders, query: select max(finished_at) from backups, max_age: 24h}\n"


def problems_of(text: str) -> list[tuple[int | None, int | None, str, str]]:
    with pytest.raises(SpecError) as error:
        parse(textwrap.dedent(text))
    return [(p.line, p.column, p.field, p.message) for p in error.value.problems]


def test_a_good_one_means_what_it_says() -> None:
    spec = parse(GOOD)
    assert (spec.slug, spec.layers, spec.on_turn_back) == ("orders-schema-migration", ("L5",), "hold")
    assert spec.rollback_reserve == timedelta(minutes=2)
    assert spec.backup_check == BackupCheck("orders", "select max(finished_at) from backups", timedelta(hours=24))
    freeze, migrate, _, backfill = spec.steps
    assert (freeze.timeout, freeze.max_attempts, freeze.backoff, freeze.is_repeatable) == (
        timedelta(seconds=90),
        3,
        timedelta(seconds=2),
        True,
    )
    assert freeze.undo == ActionSpec("flag", freeze.action.params, "compensate")
    assert migrate.undo.verb == "run"
    assert not migrate.is_repeatable
    assert backfill.is_repeatable  # once: true makes it so
    assert backfill.no_undo_reason.startswith("the undo of")
    assert (spec.watch[0].on_fail, spec.watch[0].interval) == ("hold", timedelta(seconds=2))
    assert not spec.warnings


def test_a_folded_text_is_one_plain_line() -> None:
    text = """\
        runbook: folded
        title: Folded
        steps:
          - name: Migrate
            sql:
              database: orders
              statements:
                - >-
                  alter table orders
                  add column currency text
            undo: {sql: {database: orders, statements: [alter table orders drop column currency]}}
    """
    plan = resolve(parse(textwrap.dedent(text)), {})
    assert plan.steps[0].action.params["statements"] == ["alter table orders add column currency text"]


def test_a_plan_is_what_a_run_copies() -> None:
    plan = resolve(parse(GOOD), {"port": 8080})
    rows = plan.to_rows()
    assert [row["position"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["phase"] for row in rows] == ["step"] * 4 + ["validation"]
    assert rows[3]["params"]["statements"] == ["update orders set currency = 'EUR' where id <= 500"]
    assert rows[4]["params"]["url"] == "http://127.0.0.1:8080/healthz"
    assert rows[4]["sentence"] == "GET http://127.0.0.1:8080/healthz"
    assert rows[0]["undo"] == {"kind": "flag", "params": rows[0]["params"], "verb": "compensate"}
    assert rows[3]["undo"] is None
    assert plan.watch[0].to_json()["gate"]["pass"] == ">= 0.99"
    assert plan.parameters == {"batch": 500, "port": 8080}


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "field", "says"),
    [
        ("runbook: orders", "runbok: orders", 1, 1, "runbok", "Did you mean “runbook”"),
        ("title: Orders schema migration\n", "", 1, 1, "title", "missing"),
        ("runbook: orders-schema-migration", "runbook: Orders", 1, 10, "runbook", "does not fit"),
        ("layers: [L5]", "layers: [L5, L11]", 3, 14, "layers[1]", "“L11” is not known"),
        (BACKUP, "", 3, 9, "backup_check", "L5 touches data"),
        (BACKUP, "backup_check: 24h\n", 4, 15, "backup_check", "with database, query, max_age"),
        (BACKUP, "backup_check: []\n", 4, 15, "backup_check", "A mapping is expected"),
        ("{database: orders, query", "{query", 4, 15, "backup_check.database", "missing"),
        ("{database: orders, query: select max(finished_at) from backups,", "{database: orders,", 4, 15, "backup_check.query", "missing"),
        (", max_age: 24h", "", 4, 15, "backup_check.max_age", "missing"),
        ("max_age: 24h", "max_ago: 24h", 4, 79, "backup_check.max_ago", "Did you mean “max_age”"),
        ("max_age: 24h", "max_age: 24", 4, 88, "backup_check.max_age", "no duration"),
        ("max_age: 24h", "max_age: 1s", 4, 88, "backup_check.max_age", "1m to 30d"),
        ("check: {database: orders", "check: {database: Orders", 4, 26, "backup_check.database", "does not fit"),
        ("select max(finished_at) from backups", "''", 4, 41, "backup_check.query", "1 to 4000 characters"),
        ("select max(finished_at) from backups", "5", 4, 41, "backup_check.query", "Text is expected"),
        ("select max(finished_at) from backups", "'select {{ batch }}'", 4, 41, "backup_check.query", "as it stands"),
        ("default: 500", "default: 50000", 6, 35, "parameters.batch.default", "above the maximum"),
        ("default: 500", "default: lots", 6, 35, "parameters.batch.default", "whole number"),
        ("type: integer, default", "type: int, default", 6, 17, "parameters.batch.type", "Did you mean “integer”"),
        ("  batch:", "  Batch:", 6, 3, "parameters.Batch", "does not fit"),
        ("rollback_reserve: 2m", "rollback_reserve: 2 minutes", 8, 19, "rollback_reserve", "no duration"),
        ("on_turn_back: hold", "on_turn_back: panic", 9, 15, "on_turn_back", "Known: roll_back, hold"),
        ('pass: ">= 0.99"', "pass: 0.99", 14, 11, "watch[0].pass", "valid string"),
        ('pass: ">= 0.99"', 'pass: "=> 0.99"', 14, 11, "watch[0].pass", "no comparison"),
        ("    objective: orders-writes\n", "", 11, 5, "watch[0]", "exactly one of objective"),
        ("interval: 2s", "intervall: 2s", 16, 5, "watch[0].intervall", "not known"),
        ("mode: read_only", "mode: readonly", 21, 60, "steps[0].flag.mode", "'read_only'"),
        ("retry_after: 30", "retry_after: soon", 21, 84, "steps[0].flag.retry_after", "valid integer"),
        ("converge: {timeout: 60s}", "converge: {timeout: 60}", 21, 108, "steps[0].flag.converge.timeout", "no duration"),
        ("service: orders, environment", "servce: orders, environment", 21, 11, "steps[0].flag.service", "“service” is missing"),
        ("service: orders, environment", "servce: orders, environment", 21, 12, "steps[0].flag.servce", "Did you mean “service”"),
        ("timeout: 90s", "timeout: 90d", 22, 14, "steps[0].timeout", "longer than 30 days"),
        ("timeout: 90s", "timeout: 2h", 22, 14, "steps[0].timeout", "is expected"),
        ("timeout: 90s", "timout: 90s", 22, 5, "steps[0].timout", "Did you mean “timeout”"),
        ("attempts: 3", "attempts: 0", 23, 23, "steps[0].retry.attempts", "from 1 to 20"),
        ("repeatable: true", "repeatable: false", 23, 12, "steps[0].retry", "repeatable: true"),
        ("repeatable: true", "repeatable: maybe", 24, 17, "steps[0].repeatable", "true or false"),
        ("  - name: Migrate\n    sql:", "  - name: Migrate\n    sgl:", 26, 5, "steps[1].sgl", "Did you mean “sql”"),
        ("  - name: Migrate\n", "  - name: Freeze writes\n", 25, 5, "name", "Two steps are called"),
        ("    undo: {sql:", "    undo: {sqll:", 27, 12, "steps[1].undo.sqll", "Did you mean “sql”"),
        ("    undo: none\n", "", 29, 5, "steps[3].undo", "cannot undo itself"),
        ("    undo: none\n", "", 34, 14, "steps[3].because", "goes with"),
        ("    because: the undo of the step before drops the column\n", "", 34, 11, "steps[3].because", "needs `because:`"),
        ("    undo: none\n", "    undo: nothing\n", 34, 11, "steps[3].undo", "An action is expected"),
        ("{{ batch }}", "{{ bach }}", 33, 20, "steps[3].sql.statements[0]", "no parameter “bach”"),
        ("{{ batch }}", "{{ batch + 1 }}", 33, 20, "steps[3].sql.statements[0]", "no expressions"),
        ("{{ batch }}", "{{ batch }", 33, 20, "steps[3].sql.statements[0]", "not closed"),
        ("url: \"http:", "url: \"ftp:", 38, 17, "validation[0].http.url", "pattern"),
        ("    http: {url:", "    wait: {duration: 1s}\n    http: {url:", 39, 5, "validation[0].http", "one action"),
        ("status: 200", "status: 2000", 38, 73, "validation[0].http.expect.status", "less than or equal to 599"),
        ("title: Orders schema migration", "title: Orders\nrunbook: again", 3, 1, "runbook", "twice, first in line 1"),
        ("    timeout: 90s", "    timeout: 90s\n    timeout: 80s", 23, 5, "steps[0].timeout", "twice, first in line 22"),
        ("layers: [L5]", "layers: &x [L5]", 3, 9, "layers", "Anchors and aliases"),
        ("layers: [L5]", "layers: *x", 3, 9, "layers", "Anchors and aliases"),
        ("title: Orders", "title: !!python/object:os.system Orders", 2, 8, "title", "Tags are not allowed"),
        ("layers: [L5]", "layers: [L5", 4, 13, "", "no YAML"),
        ("title: Orders", "title: {{ batch }} Orders", 2, 9, "title", "Quote a parameter"),
        ("title: Orders", "title: \x00Orders", 2, 8, "", "no YAML"),
        ("validation:", "---\nvalidation:", 36, 1, "", "One document"),
    ],
)  # fmt: skip
def test_where_it_is_wrong(old: str, new: str, line: int, column: int, field: str, says: str) -> None:
    assert old in GOOD
    found = problems_of(GOOD.replace(old, new, 1))
    assert any((line, column, field) == each[:3] and says in each[3] for each in found), found


def test_everything_wrong_is_told_at_once_in_order() -> None:
    text = GOOD.replace("read_only", "readonly").replace("hold", "wait", 1).replace("sgl", "sql").replace("status: 200", "status: x")
    found = problems_of(text)
    assert [each[2] for each in found] == ["on_turn_back", "steps[0].flag.mode", "validation[0].http.expect.status"]
    assert [each[0] for each in found] == sorted(each[0] for each in found)


@pytest.mark.parametrize(
    "text", ["", "   \n# nothing\n", "just words", "- a\n- list", "42", "runbook:", "null", "steps: {}", "steps: [1, [], null, {}]"]
)
def test_what_is_no_runbook(text: str) -> None:
    assert problems_of(text)


def test_a_step_that_takes_longer_than_its_time() -> None:
    found = problems_of("""\
        runbook: a
        title: A
        steps:
          - name: W
            wait: {duration: 5m}
            timeout: 1m
        """)
    assert found == [(6, 14, "steps[0].timeout", "The timeout is shorter than the 5m the step takes.")]


def test_warnings_are_no_errors() -> None:
    spec = parse("runbook: a\ntitle: A\nsteps:\n  - name: W\n    wait: {duration: 5h}\n")
    assert [warning.field for warning in spec.warnings] == ["validation", "watch"]
    assert spec.steps[0].timeout == timedelta(hours=5, minutes=1)


TEMPLATE = """\
runbook: a
title: A
parameters:
  text: {type: string, pattern: "[a-z ;'(){}*$0-9]*", default: x}
  count: {type: integer, default: 1}
  share: {type: number, default: 0.5}
  yes: {type: boolean, default: true}
  pick: {type: enum, choices: [one, two], default: one}
steps:
  - name: S
    http:
      url: "http://127.0.0.1/{{ text }}?n={{ count }}"
      method: POST
      json: {text: "{{ text }}", count: "{{ count }}", share: "{{share}}", yes: "{{ yes }}", pick: "a {{ pick }} b {{ yes }}"}
    undo: {command: {name: back, arguments: ["{{ text }}", "n={{ count }}"]}}
"""


def test_substitution_keeps_types_and_looks_only_once() -> None:
    row = resolve(parse(TEMPLATE), {"text": "{{7*7}}", "count": 3, "pick": "two"}).to_rows()[0]
    assert row["params"]["json"] == {"text": "{{7*7}}", "count": 3, "share": 0.5, "yes": True, "pick": "a two b true"}
    assert row["undo"]["params"]["arguments"] == ["{{7*7}}", "n=3"]


@pytest.mark.parametrize("hostile", ["; id", "$(id)", "{{7*7}}", "'; drop table x; --"[:18].replace("-", "")])
def test_r_s09_free_text_stays_text(hostile: str) -> None:
    row = resolve(parse(TEMPLATE), {"text": hostile}).to_rows()[0]
    assert row["undo"]["params"]["arguments"] == [hostile, "n=1"]
    assert row["params"]["url"].startswith("http://127.0.0.1/")
    assert not set(row["params"]["url"].removeprefix("http://127.0.0.1/")) & set(";'(){} $")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("text", "a\nid", "Line breaks"),
        ("text", "a\x00", "Line breaks"),
        ("text", "UPPER", "must look like x (pattern: [a-z"),
        ("text", 7, "Text is expected"),
        ("text", "a" * 2001, "longer than 2000"),
        ("count", "3", "whole number"),
        ("count", True, "whole number"),
        ("count", 1.5, "whole number"),
        ("count", 2**60, "whole number"),
        ("share", float("nan"), "number is expected"),
        ("share", float("inf"), "number is expected"),
        ("yes", "true", "true or false"),
        ("pick", "three", "one, two"),
        ("pik", "one", "Did you mean “pick”"),
    ],
)
def test_r_s09_parameters_are_typed(name: str, value: object, says: str) -> None:
    with pytest.raises(SpecError) as error:
        resolve(parse(TEMPLATE), {name: value})
    (problem,) = error.value.problems
    assert problem.field == f"parameters.{name}"
    assert says in problem.message


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"default": "20s"}, "must look like 20s (pattern: [0-9]+(s|m))."),
        ({"description": "How long to wait, as in 20s."}, "does not look as it must: How long to wait, as in 20s (pattern: [0-9]+(s|m))."),
        ({}, "does not look as it must (pattern: [0-9]+(s|m))."),
    ],
)
def test_what_does_not_fit_a_pattern_is_told_what_would(told: dict[str, str], says: str) -> None:
    assert misfit(ParameterSpec("pause", "string", pattern="[0-9]+(s|m)", **told), "40") == f'"40" {says}'


def test_r_s09_r_c12_free_text_never_becomes_sql_or_promql() -> None:
    text = """\
        runbook: a
        title: A
        parameters:
          text: {type: string}
          pick: {type: enum, choices: [a, b]}
        watch:
          - name: W
            prometheus: 'up{job="{{ text }}"}'
            pass: "== 1"
        steps:
          - name: S
            sql: {database: d, statements: ["delete from {{ pick }} where x = '{{ text }}'"], values: {x: "{{ text }}"}}
            undo: {sql: {database: d, statements: [select 1]}}
          - name: G
            gate: {sql: {database: d, query: "select {{ text }}"}, pass: "> 0"}
        """
    found = problems_of(text)
    assert [each[2] for each in found] == ["watch[0].prometheus", "steps[0].sql.statements[0]", "steps[1].gate.sql.query"]
    assert all("may not become part of a query" in each[3] for each in found)


def test_what_a_parameter_makes_of_a_step_is_judged_with_its_value() -> None:
    text = "runbook: a\ntitle: A\nparameters:\n  d: {type: string}\nsteps:\n  - name: W\n    wait: {duration: '{{ d }}'}\n"
    spec = parse(text)
    assert resolve(spec, {"d": "2h"}).steps[0].timeout == timedelta(hours=2, minutes=1)
    with pytest.raises(SpecError) as error:
        resolve(spec, {"d": "soon"})
    assert error.value.problems[0].field == "steps[0].wait.duration"
    assert error.value.problems[0].line == 6


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        "a: " + "[" * 1000 + "]" * 1000,
        "a: " + "{b: " * 1000 + "}" * 1000,
        "[" * 100_000,
        "{" * 100_000,
        "- " * 100_000,
        "? " * 100_000,
        "a: 1\n" * 60_000,
        "".join(f"k{n}: 1\n" for n in range(20_000)),
        "x" * (256 * 1024 + 1),
        "é" * (128 * 1024 + 1),
        '"' + "\\" * 100_000,
        "a: !!binary x",
        "%YAML 9.9\n---\na: b",
        "<<: {a: b}",
        "\ud800",
        "\ufeffrunbook: a",
        "a: \t- b",
        "!<tag:yaml.org,2002:python/object/apply:os.system> [id]",
    ],
    ids=lambda t: t[:12].encode("ascii", "replace").decode(),
)  # fmt: skip
def test_r_s15_bombs_and_depths_are_refused(text: str) -> None:
    began = time.process_time()
    with pytest.raises(SpecError):
        parse(text)
    assert time.process_time() - began < 6  # 0.7 s at most when written


@pytest.mark.parametrize(("levels", "is_refused"), [(48, False), (51, True)])
def test_r_s15_depth_ends_at_fifty(levels: int, is_refused: bool) -> None:
    found = problems_of("runbook: a\ntitle: A\nsteps: " + "[" * levels + "]" * levels)
    assert any("Nested deeper than 50" in each[3] for each in found) is is_refused


@pytest.mark.parametrize(("count", "is_refused"), [(9_000, False), (11_000, True)])
def test_r_s15_so_many_values_and_no_more(count: int, is_refused: bool) -> None:
    found = problems_of("runbook: a\ntitle: A\nsteps: [" + "1, " * count + "]")
    assert any("More than 10000" in each[3] for each in found) is is_refused


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300) | st.text("ab:-[]{},&*!|>'\"%@`#? \n\t0123", max_size=200))
def test_r_s15_no_text_breaks_the_reader(text: str) -> None:
    try:
        parse(text)
    except SpecError as error:
        assert error.problems


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD)), st.integers(0, 40), st.text("ab:-[]{},&*!|>'\"{}% \n\t01", max_size=8))
def test_r_s15_no_damage_to_a_good_text_breaks_the_reader(at: int, cut: int, put: str) -> None:
    try:
        resolve(parse(GOOD[:at] + put + GOOD[at + cut :]), {"port": 80})
    except SpecError as error:
        assert all(p.message and (p.line is None or p.line >= 1) for p in error.problems)


@pytest.mark.parametrize(
    ("before", "action", "is_refused"),
    [
        ("", "http: {url: 'https://x.example', method: POST}", True),
        ("  - {name: G, gate: {prometheus: up, pass: '== 1'}}\n", "http: {url: 'https://x.example', method: POST}", False),
        ("  - {name: G, wait: {duration: 1s}}\n", "sql: {database: d, statements: [select 1]}", True),
        ("  - {name: G, manual: {prompt: Go on?}, undo: none, because: only a look}\n", "sql: {database: d, statements: [select 1]}", True),
        ("", "manual: {prompt: Swap the disk}", False),
        ("", "wait: {duration: 1s}", False),
        (
            "  - {for_each: n, in: [a], steps: [{name: W, wait: {duration: 1s}}],"
            " between: [{name: G, gate: {prometheus: up, pass: '< 1'}}]}\n",
            "sql: {database: d, statements: [select 1]}",
            True,
        ),
    ],
)
def test_x03_what_cannot_be_undone_wants_a_gate_before_it(before: str, action: str, is_refused: bool) -> None:
    text = f"runbook: a\ntitle: A\nsteps:\n{before}  - name: S\n    {action}\n    undo: none\n    because: nobody can\n"
    if not is_refused:
        parse(text)
        return
    line, column, field, message = problems_of(text)[-1]
    assert (line, column, field) == (4 + bool(before), 5, "steps") and "a `gate:` step must stand before it" in message
