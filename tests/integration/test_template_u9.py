"""U9 for real: a full-text index is rebuilt beside the old one while searches go on, and takes its name; slow searches take it back."""

from __future__ import annotations

import psycopg
import pytest

from tests import given_templates
from tests import given_windows as given
from tests.given_templates import Node, carried_out, meanwhile, outcomes, plan_of

target = given_templates.target
SEARCH = "select count(*) from documents where to_tsvector('english', body) @@ to_tsquery('english', %s)"
OID = "select to_regclass('documents_words')::oid"


@pytest.fixture
def node(target: psycopg.Connection) -> Node:
    target.execute("create table documents (id bigint generated always as identity, body text)")
    target.execute("create table search_times (at timestamptz default clock_timestamp(), milliseconds float)")
    target.execute(
        "insert into documents (body) select 'road works number ' || n || ' near ' || md5(n::text) from generate_series(1, 4000) n"
    )
    target.execute("create index documents_words on documents using gin (to_tsvector('english', body))")
    given.service("search", regions=("r1",))
    return Node("search")


def search(own: psycopg.Connection) -> None:
    """A search that writes down how long it took, by the database's clock."""
    (begun,) = own.execute("select clock_timestamp()").fetchone()
    (found,) = own.execute(SEARCH, ["road & works & 77"]).fetchone()
    assert found == 1
    own.execute("insert into search_times (milliseconds) values (extract(epoch from clock_timestamp() - %s) * 1000)", [begun])


def test_u9_searches_go_on_and_the_new_index_takes_over(target: psycopg.Connection, node: Node) -> None:
    (old,) = target.execute(OID).fetchone()
    with meanwhile(search, search) as failed:
        run = carried_out(plan_of("u9-search-reindex", database="target", latency_ms=5000), node)
    assert run.status == "succeeded", (run.reason, outcomes(run), failed[:3])
    assert not failed and node.modes == ["normal", "throttled", "normal"]
    (new,) = target.execute(OID).fetchone()
    assert new and new != old, "it is another index under the same name"
    assert target.execute("select count(*) from pg_indexes where tablename = 'documents' and schemaname = 'target'").fetchone() == (1,)


def test_u9_slow_searches_take_it_back(target: psycopg.Connection, node: Node) -> None:
    def slow(own: psycopg.Connection) -> None:
        own.execute("insert into search_times (milliseconds) values (900)")

    (old,) = target.execute(OID).fetchone()
    with meanwhile(slow):
        run = carried_out(plan_of("u9-search-reindex", database="target", latency_ms=300), node)
    assert run.status == "rolled_back", (run.reason, outcomes(run))
    assert target.execute(OID).fetchone() == (old,) and node.modes[-1] == "normal"
    assert target.execute("select to_regclass('documents_words_new'), to_regclass('documents_words_old')").fetchone() == (None, None)
