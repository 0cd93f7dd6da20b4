"""U1 for real: a column takes over under writers that never stop, cut over once all agree; and taken back."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from tests import given_templates
from tests import given_windows as given
from tests.given_templates import Node, carried_out, meanwhile, outcomes, plan_of
from windows.execution.models import GateReading

target = given_templates.target
ROWS = 5000


@pytest.fixture
def node(target: psycopg.Connection) -> Node:
    target.execute("create table orders (id bigint generated always as identity primary key, price numeric not null)")
    target.execute("create table write_conflicts (said text)")
    target.execute("insert into orders (price) select n / 100.0 from generate_series(1, %s) n", [ROWS])
    given.service("orders", regions=("r1",))
    return Node("orders")


class Shop:
    """Writers of before the cut write the old column, those of after it the new one; read only, they wait."""

    def __init__(self, node: Node) -> None:
        self.node, self.written, self.turned_away = node, 0, 0

    def write(self, own: psycopg.Connection) -> None:
        if self.node.mode == "read_only":
            self.turned_away += 1
            return
        try:
            with own.transaction():
                own.execute("lock table orders in row exclusive mode")
                cut = own.execute(
                    "select attnotnull from pg_attribute where attrelid = 'orders'::regclass and attname = 'price'"
                ).fetchone()
                column = "price" if cut == (True,) else "price_cents"
                own.execute(f"insert into orders ({column}) values (%s)", [7])
                own.execute(f"update orders set {column} = {column} + 1 where id = (select id from orders order by random() limit 1)")
            self.written += 1
        except psycopg.Error as error:
            own.execute("insert into write_conflicts values (%s)", [str(error)])
            raise


def test_u1_no_write_is_lost_and_none_fails(target: psycopg.Connection, node: Node) -> None:
    shop = Shop(node)
    plan = plan_of("u1-schema-migration", database="target", batch=500)
    with meanwhile(shop.write, shop.write) as failed:
        run = carried_out(plan, node)
    assert run.status == "succeeded", (run.reason, outcomes(run), failed[:3])
    assert not failed and shop.written and node.modes == ["normal", "read_only", "normal"]
    assert target.execute("select count(*), count(price_cents) from orders").fetchone() == (ROWS + shop.written,) * 2
    assert GateReading.objects.filter(run=run, gate="Writers meet no conflict", verdict="pass").exists()


def test_u1_f05_a_difference_takes_everything_back(target: psycopg.Connection, node: Node) -> None:
    """A row that neither trigger nor backfill reaches as it should: the two do not agree, so the cut never comes."""
    target.execute("create function spoil() returns trigger language plpgsql as 'begin new.price_cents := 1; return new; end'")
    plan = plan_of("u1-schema-migration", database="target", batch=500)
    spoil = "create trigger z_spoil before update on orders for each row when (old.id = 77) execute function spoil()"
    before = plan.steps[1]
    told = {**before.action.params, "statements": [*before.action.params["statements"], spoil]}
    spoilt = replace(before, action=replace(before.action, params=told))
    run = carried_out(replace(plan, steps=(plan.steps[0], spoilt, *plan.steps[2:])), node)
    assert run.status == "rolled_back" and outcomes(run)["Cut over"][0] == "pending", (run.reason, outcomes(run))
    columns = target.execute("select column_name from information_schema.columns where table_name = 'orders' and table_schema = 'target'")
    assert {name for (name,) in columns} == {"id", "price"}
    assert not target.execute("select 1 from pg_trigger where tgname = 'write_both'").fetchone()
    assert node.modes == ["normal"]


def test_u1_f05_a_conflict_of_writers_takes_everything_back(target: psycopg.Connection, node: Node) -> None:
    target.execute("insert into write_conflicts values ('could not serialize')")
    run = carried_out(plan_of("u1-schema-migration", database="target", batch=500), node)
    assert run.status == "rolled_back" and "Writers meet no conflict" in run.reason, (run.reason, outcomes(run))
