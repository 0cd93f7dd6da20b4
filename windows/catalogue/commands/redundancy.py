"""What must never be down together: redundancy groups and pairs of regions."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from windows.access.roles import Actor, Subject, Verb, require
from windows.audit.commands import record
from windows.catalogue.commands.changes import check
from windows.catalogue.models import Deployment, RedundancyGroup, Region, RegionPair
from windows.catalogue.queries import subject_of_service
from windows.errors import Invalid, NotFound

Member = tuple[str, str, str]  # service, environment, region
MOST_MEMBERS = 200


@transaction.atomic(durable=True)
def define_redundancy_group(actor: Actor, slug: str, name: str, minimum: int, members: Collection[Member]) -> RedundancyGroup:
    """A new group, or the same one anew, stated whole. It takes the right to edit every service in it, before and after."""
    group = RedundancyGroup.objects.select_for_update().filter(slug=slug).first()
    before = members_of(group) if group else []
    wanted = sorted(set(members))
    for service in sorted({service for service, _, _ in [*before, *wanted]}):
        require(actor, Verb.EDIT_CATALOGUE, subject_of_service(service))
    if not 2 <= len(wanted) <= MOST_MEMBERS:
        raise Invalid(f"A group has 2 to {MOST_MEMBERS} members.", field="members")
    if not 1 <= minimum < len(wanted):
        raise Invalid(
            f"At least 1 stays up, and at most {len(wanted) - 1} of {len(wanted)}: else nothing could ever be maintained.", field="minimum"
        )
    rows = [deployment(member, f"members[{index}]") for index, member in enumerate(wanted)]
    if group and (group.name, group.minimum, before) == (name, minimum, wanted):
        return group
    group = group or RedundancyGroup(slug=slug)
    group.name, group.minimum = name, minimum
    check(group)
    group.save()
    group.members.set(rows)
    told = {"name": name, "minimum": minimum, "members": [list(member) for member in wanted], "before": [list(member) for member in before]}
    record("redundancy_group.defined", actor, f"redundancy-group:{slug}", data=told)
    return group


@transaction.atomic(durable=True)
def withdraw_redundancy_group(actor: Actor, slug: str) -> None:
    """The members no longer stand in for each other."""
    group = RedundancyGroup.objects.select_for_update().filter(slug=slug).first()
    if group is None:
        raise NotFound(f"There is no redundancy group {slug} here.")
    members = members_of(group)
    for service in sorted({service for service, _, _ in members}):
        require(actor, Verb.EDIT_CATALOGUE, subject_of_service(service))
    if not members:
        require(actor, Verb.EDIT_CATALOGUE, Subject(called="redundancy groups"))
    group.delete()
    record("redundancy_group.withdrawn", actor, f"redundancy-group:{slug}", data={"before": [list(member) for member in members]})


@transaction.atomic(durable=True)
def pair_regions(actor: Actor, one: str, other: str) -> RegionPair:
    """These two regions must never be down together. SRE and administrators. Twice is once."""
    require(actor, Verb.EDIT_CATALOGUE, Subject(called="region pairs"))
    if one == other:
        raise Invalid("A pair is of two regions.", field="other")
    first, second = sorted((region(one, "one"), region(other, "other")), key=lambda row: row.slug)
    row, is_new = RegionPair.objects.get_or_create(one=first, other=second)
    if is_new:
        record("region_pair.declared", actor, f"region:{first.slug}", data={"other": second.slug})
    return row


@transaction.atomic(durable=True)
def part_regions(actor: Actor, one: str, other: str) -> None:
    """They may be down together again. Nothing happens where they were not paired."""
    require(actor, Verb.EDIT_CATALOGUE, Subject(called="region pairs"))
    first, second = sorted((one, other))
    gone, _ = RegionPair.objects.filter(one__slug=first, other__slug=second).delete()
    if gone:
        record("region_pair.withdrawn", actor, f"region:{first}", data={"other": second})


def region(slug: str, field: str) -> Region:
    found = Region.objects.filter(slug=slug).first()
    if found is None:
        raise Invalid(f"There is no region “{slug}”.", field=field)
    return found


def deployment(member: Member, field: str) -> Deployment:
    service, environment, region = member
    found = Deployment.objects.filter(service__slug=service, environment__slug=environment, region__slug=region).first()
    if found is None:
        raise Invalid(f"{service} does not run in {environment}/{region}.", field=field)
    return found


def members_of(group: RedundancyGroup) -> list[Member]:
    return sorted(group.members.values_list("service__slug", "environment__slug", "region__slug"))
