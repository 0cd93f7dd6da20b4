"""Edges of the three transition tables, and how a test proves that one is taken: the database itself tells what was written."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from enum import StrEnum
from typing import TypeVar

from django.db import connection

from tests.given_runs import World

Edge = tuple[str, str]
Scenario = Callable[[World], Generator[None, None, None]]  # what is given; a yield; what people and the engine do
State = TypeVar("State", bound=StrEnum)


class Scenarios:
    """Who drives which edges of one table. `@drives((before, after), …)` registers a scenario."""

    def __init__(self, table: str) -> None:
        self.table = table
        self.told: list[tuple[Scenario, tuple[Edge, ...]]] = []

    def drives(self, *edges: tuple[StrEnum, StrEnum]) -> Callable[[Scenario], Scenario]:
        def register(scenario: Scenario) -> Scenario:
            self.told.append((scenario, tuple((before.value, after.value) for before, after in edges)))
            return scenario

        return register

    def edges(self) -> set[Edge]:
        return {edge for _, edges in self.told for edge in edges}

    def play(self, scenario: Scenario, world: World) -> set[Edge]:
        """The edges that its second half took: every write of a status in the table, whoever wrote it."""
        script = scenario(world)
        next(script)
        with connection.cursor() as cursor:
            cursor.execute("create temporary table edge (before text, after text) on commit drop")
            cursor.execute(
                "create function pg_temp.tell_edge() returns trigger language plpgsql as $$ begin"
                " insert into edge values (old.status, new.status); return null; end $$"
            )
            cursor.execute(
                f"create trigger tell_edge after update of status on {self.table} for each row execute function pg_temp.tell_edge()"
            )
            assert next(script, "the end") == "the end"
            cursor.execute("select distinct before, after from edge")
            return set(cursor.fetchall())


def edges_of(table: dict[State, frozenset[State]]) -> set[Edge]:
    return {(before.value, after.value) for before, onward in table.items() for after in onward}


def others_than(table: dict[State, frozenset[State]], states: Iterable[State]) -> list[tuple[State, State]]:
    """Every pair that the table lacks."""
    every = list(states)
    return [(before, after) for before in every for after in every if after not in table[before]]
