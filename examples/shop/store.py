"""The shop's own tables, in its own database. Columns are named one by one: a migration adds columns under running replicas."""

from __future__ import annotations

from typing import Any

from psycopg_pool import ConnectionPool

from examples.shop.tracing import CLIENT, span

KEPT = 20_000  # newest orders and baskets; older ones make room, so that a shop left running for weeks stays small
ONE_AT_A_TIME = 7_301_964  # advisory lock: three replicas start at once
TABLES = """
create table if not exists orders (
    id bigint generated always as identity primary key,
    customer text not null, country text not null, placed_at timestamptz not null default now());
create table if not exists order_lines (
    order_id bigint not null references orders on delete cascade, position smallint not null,
    article text not null, quantity int not null, price_cents int not null, primary key (order_id, position));
create table if not exists baskets (
    id bigint generated always as identity primary key,
    visitor text not null, items int not null, touched_at timestamptz not null default now());
create table if not exists backups (
    path text primary key, bytes bigint not null, finished_at timestamptz not null default clock_timestamp());
"""
SEED = """
insert into orders (customer, country, placed_at)
    select 'customer-' || n % 700, (array['DE', 'FR', 'NO', 'SE', 'NL'])[1 + n % 5], now() - make_interval(mins => 5000 - n)
    from generate_series(1, 5000) n;
insert into order_lines select id, 1, 'article-' || id % 90, 1 + id % 3, 500 + id % 4000 from orders;
insert into baskets (visitor, items) select 'visitor-' || n, 1 + n % 3 from generate_series(1, 5000) n;
"""
ORDER = """
select o.id, o.customer, o.country, coalesce(json_agg(json_build_array(l.article, l.quantity, l.price_cents)
    order by l.position) filter (where l.article is not null), '[]')
from orders o left join order_lines l on l.order_id = o.id where o.id = %s group by o.id"""
PLACE = """
with placed as (insert into orders (customer, country) values (%s, %s) returning id),
     lines as (insert into order_lines select id, 1, %s, %s, %s from placed)
select id from placed"""


class Store:
    """Every call may raise psycopg.Error; statements end after two seconds, so a lock held too long is a failed request, not a hung one."""

    def __init__(self, url: str) -> None:
        settings = {"autocommit": True, "options": "-c statement_timeout=2000 -c application_name=shop"}
        self.pool = ConnectionPool(
            url, min_size=1, max_size=4, timeout=2, kwargs=settings, open=False, check=ConnectionPool.check_connection
        )

    def open(self) -> None:
        """Make and fill the tables where there are none."""
        self.pool.open()
        with self.pool.connection(timeout=20) as connection, connection.transaction():
            connection.execute("set local statement_timeout = '30s'")
            connection.execute("select pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
            connection.execute(TABLES)
            row = connection.execute("select exists (select from orders)").fetchone()
            if row == (False,):
                connection.execute(SEED)

    def close(self) -> None:
        self.pool.close(timeout=1)

    def order(self, number: int) -> dict[str, Any] | None:
        row = self.one(ORDER, number)
        return dict(zip(("id", "customer", "country", "lines"), row, strict=True)) if row else None

    def newest_orders(self) -> list[int]:
        with self.pool.connection() as connection:
            return [row[0] for row in connection.execute("select id from orders order by id desc limit 50")]

    def place_order(self, wanted: dict[str, Any]) -> int:
        row = self.one(
            PLACE,
            str(wanted["customer"]),
            str(wanted["country"]),
            str(wanted["article"]),
            int(wanted["quantity"]),
            int(wanted["price_cents"]),
        )
        assert row
        return self.make_room("orders", row[0])

    def basket(self, number: int) -> dict[str, Any] | None:
        row = self.one("select id, visitor, items from baskets where id = %s", number)
        return dict(zip(("id", "visitor", "items"), row, strict=True)) if row else None

    def newest_baskets(self) -> list[int]:
        with self.pool.connection() as connection:
            return [row[0] for row in connection.execute("select id from baskets order by id desc limit 50")]

    def fill_basket(self, wanted: dict[str, Any]) -> int:
        row = self.one("insert into baskets (visitor, items) values (%s, %s) returning id", str(wanted["visitor"]), int(wanted["items"]))
        assert row
        return self.make_room("baskets", row[0])

    def make_room(self, table: str, newest: int) -> int:
        if newest % 500 == 0:
            with self.pool.connection() as connection:
                connection.execute(f"delete from {table} where id <= %s", [newest - KEPT])  # noqa: S608  (one of two names above)
        return newest

    def one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        with span("take a connection"):
            connection = self.pool.getconn()
        try:
            with span(named(statement), CLIENT, **{"db.system.name": "postgresql", "db.query.text": " ".join(statement.split())}):
                return connection.execute(statement, values).fetchone()
        finally:
            self.pool.putconn(connection)


def named(statement: str) -> str:
    """What a statement is called in a trace."""
    known = {ORDER: "select an order", PLACE: "insert an order"}
    return known.get(statement) or " ".join(statement.split()[:3])
