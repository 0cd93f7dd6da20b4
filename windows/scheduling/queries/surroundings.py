"""What lies around a window that asks for conflicts: dependencies, redundancy groups, region pairs, limits, who is on call.

Five questions in one statement, whatever is stored; their size follows the neighbourhood. Names are looked up one by one: to a statement
so short a join costs the planner more than it saves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from windows.scheduling.conflicts import DEPTH, Duty, Group, Limit, Named, Needs, Rules, Shift

AROUND = """
with recursive near(id, steps) as (
    select id, 0 from catalogue_service where slug = any(%(slugs)s)
    union
    select edge.there, near.steps + 1 from near join lateral (
        select depends_on_id as there from catalogue_dependency where service_id = near.id
        union all
        select service_id from catalogue_dependency where depends_on_id = near.id
    ) edge on true where near.steps < %(depth)s
), reached(ids) as (select array_agg(distinct id) from near)
select (select slug from catalogue_service where id = d.service_id), (select slug from catalogue_service where id = d.depends_on_id),
    d.service_id, d.depends_on_id from catalogue_dependency d
where d.service_id = any((select ids from reached)::bigint[]) and d.depends_on_id = any((select ids from reached)::bigint[])
union all
select slug, null, id, null from catalogue_service where slug = any(%(slugs)s)
"""
GROUPS = """
select g.name, g.minimum, (select slug from catalogue_service where id = d.service_id),
    (select slug from catalogue_environment where id = d.environment_id), (select slug from catalogue_region where id = d.region_id),
    d.service_id
from catalogue_redundancygroup g join catalogue_redundancygroup_members m on m.redundancygroup_id = g.id
join catalogue_deployment d on d.id = m.deployment_id
where g.id in (
    select m.redundancygroup_id from catalogue_redundancygroup_members m join catalogue_deployment d on d.id = m.deployment_id
    where d.service_id = any(array(select id from catalogue_service where slug = any(%(slugs)s)))
)
union all
select null, null, null, (select slug from catalogue_region where id = one_id), (select slug from catalogue_region where id = other_id),
    null
from catalogue_regionpair
order by 1, 3, 4, 5
"""
LIMITS = """
with recursive under(limit_id, id) as (
    select id, platform_id from scheduling_concurrencylimit where platform_id is not null
    union
    select under.limit_id, d.service_id from under join catalogue_dependency d on d.depends_on_id = under.id
)
select l.title, l.at_most, l.severity, t.slug, l.environment, array_agg(s.slug), array_agg(s.id), l.platform_id is not null
from scheduling_concurrencylimit l left join catalogue_team t on t.id = l.team_id
join catalogue_service s on (l.team_id is null or s.team_id = l.team_id)
    and (l.platform_id is null or exists (select from under where under.limit_id = l.id and under.id = s.id))
group by l.id, t.slug having bool_or(s.slug = any(%(slugs)s)) order by l.title
"""
ALONE_ON_CALL = """
with alone as (
    select m.team_id, min(m.person_id) as person_id from catalogue_membership m
    join catalogue_person p on p.id = m.person_id and p.is_active where m.role = 'on_call' group by m.team_id having count(*) = 1
), ours as (
    select person_id from alone join catalogue_team t on t.id = alone.team_id where t.slug = any(%(teams)s)
    union select unnest(%(people)s::bigint[])
)
select t.slug, p.id, p.name, array(select s.id from catalogue_service s where s.team_id = t.id) from alone
join ours on ours.person_id = alone.person_id join catalogue_team t on t.id = alone.team_id
join catalogue_person p on p.id = alone.person_id
"""
# Of the teams that are asked about, of whom they have on call meanwhile, and of the people: every shift of the time, with the services of
# the team beside its first.
SHIFTS = """
with duty as (
    select distinct s.team_id, h.person_id, h.starts_at, h.ends_at from catalogue_oncallshift h
    join catalogue_oncallschedule c on c.id = h.schedule_id join catalogue_service s on s.on_call_schedule_url = c.url
    where h.starts_at < %(ends)s::timestamptz and h.ends_at > %(begins)s::timestamptz
    and exists (select from catalogue_person where id = h.person_id and is_active)
), ours as (select team_id, person_id from duty where team_id = any(array(select id from catalogue_team where slug = any(%(teams)s))))
select (select slug from catalogue_team where id = duty.team_id), person_id, (select name from catalogue_person where id = person_id),
    starts_at, ends_at, case when row_number() over (partition by team_id order by starts_at, person_id) = 1
        then array(select id from catalogue_service where team_id = duty.team_id) end
from duty where team_id in (
    select team_id from duty where person_id = any(%(people)s::bigint[]) or person_id in (select person_id from ours)
    union select team_id from ours
)
"""
ANSWERS = (
    (AROUND, "a, b, c, d"),
    (GROUPS, "a, b, c, d, e, f"),
    (LIMITS, "a, b, c, d, e, f, g, h"),
    (ALONE_ON_CALL, "a, b, c, d"),
    (SHIFTS, "a, b, c, d, e, f"),
)
ROWS_OF = "(select coalesce(json_agg(json_build_array({columns})), '[]') from ({question}) q({columns}))"
TOGETHER = "select " + ", ".join(ROWS_OF.format(question=question, columns=columns) for question, columns in ANSWERS)

Rows = Iterable[tuple[Any, ...]]


@dataclass(slots=True)
class Surroundings:
    """`service_ids` are all services whose windows could matter, `slugs` those within reach of dependencies."""

    needs: Needs = field(default_factory=dict)
    slugs: set[str] = field(default_factory=set)
    service_ids: set[int] = field(default_factory=set)
    rules: Rules = field(default_factory=Rules)
    duty: Duty = field(default_factory=Duty)


def surroundings(
    services: Iterable[str], teams: Iterable[str], people: Iterable[int], time: tuple[datetime, datetime] | None = None, depth: int = DEPTH
) -> Surroundings:
    """Shifts are those of the time; without one there are none."""
    asked: dict[str, Any] = {"slugs": sorted(set(services)), "teams": sorted(set(teams)), "people": sorted(set(people)), "depth": depth}
    asked["begins"], asked["ends"] = time or (None, None)
    found = Surroundings(slugs=set(asked["slugs"]))
    with connection.cursor() as cursor:
        cursor.execute(TOGETHER, asked)
        around, members, limited, alone, shifts = cursor.fetchone()
    take_dependencies(found, around)
    groups, pairs = take_groups(found, members)
    limits = take_limits(found, limited)
    found.rules = Rules(groups=groups, pairs=pairs, limits=limits)
    take_duty(found, alone, shifts)
    return found


def take_duty(found: Surroundings, alone: Rows, shifts: Rows) -> None:
    by_role: dict[str, Named] = {}
    for team, person, name, ids in alone:
        by_role[team] = (person, name)
        found.service_ids |= set(ids)
    by_team: dict[str, list[Shift]] = {}
    for team, person, name, begins, ends, ids in shifts:
        by_team.setdefault(team, []).append(Shift(datetime.fromisoformat(begins), datetime.fromisoformat(ends), (person, name)))
        found.service_ids |= set(ids or ())
    found.duty = Duty(by_role, by_team)


def take_dependencies(found: Surroundings, rows: Rows) -> None:
    needs: dict[str, set[str]] = {}
    for service, other, service_id, other_id in rows:
        found.service_ids.add(service_id)
        if other is not None and other_id is not None:
            found.service_ids.add(other_id)
            found.slugs |= {service, other}
            needs.setdefault(service, set()).add(other)
    found.needs = {service: frozenset(others) for service, others in needs.items()}


def take_groups(
    found: Surroundings, rows: Iterable[tuple[str, int, str, str, str, int]]
) -> tuple[tuple[Group, ...], frozenset[frozenset[str]]]:
    members: dict[tuple[str, int], set[tuple[str, str, str]]] = {}
    pairs: set[frozenset[str]] = set()
    for name, minimum, service, environment, region, service_id in rows:
        if name is None:
            pairs.add(frozenset({environment, region}))
        else:
            members.setdefault((name, minimum), set()).add((service, environment, region))
            found.service_ids.add(service_id)
    groups = tuple(Group(name=name, minimum=minimum, members=frozenset(places)) for (name, minimum), places in members.items())
    return groups, frozenset(pairs)


def take_limits(found: Surroundings, rows: Rows) -> tuple[Limit, ...]:
    limits = []
    for title, at_most, severity, team, environment, slugs, ids, of_platform in rows:
        found.service_ids |= set(ids)
        platform = frozenset(slugs) if of_platform else frozenset[str]()
        limits.append(Limit(title=title, at_most=at_most, severity=severity, team=team or "", platform=platform, environment=environment))
    return tuple(limits)
