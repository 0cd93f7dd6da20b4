"""Teams, people, services and what they depend on. Nothing here decides; the database refuses what may not be."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from windows.access.roles import Role

slug_rule = RegexValidator(r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", "Use lower-case letters, digits and inner hyphens (RFC 1123 label).")


class Team(models.Model):
    slug = models.CharField(max_length=63, unique=True, validators=[slug_rule])
    name = models.CharField(max_length=120)
    is_example = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username)


class Person(AbstractBaseUser, PermissionsMixin):
    """Signs in by e-mail address. `is_superuser` is the administrator role; `is_staff` opens nothing by itself."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120)
    timezone = models.CharField(max_length=60, default="UTC")  # an IANA name
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    sessions_generation = models.PositiveIntegerField(default=1)  # part of every session's hash: raise it and all sessions end
    wants_digest = models.BooleanField(default=False, db_default=False)  # the weekly review by mail
    digest_week = models.CharField(max_length=8, blank=True, default="", db_default="")  # the last one sent: 2027-W09
    is_example = models.BooleanField(default=False)

    objects: ClassVar[PersonManager] = PersonManager()
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_once")]

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What Django compares at every request. With the generation in it, a disabled and re-enabled account gets no old session back."""
        secret_hash: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]
        return f"{secret_hash}.{self.sessions_generation}"


class Membership(models.Model):
    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=[(r.value, r.value) for r in Role if r is not Role.ADMINISTRATOR])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "person", "role"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.person_id} is {self.role} in {self.team_id}"


class ApiToken(models.Model):
    """A scoped, expiring key to the API. Only its SHA-256 is stored; `hint` is its first characters, to recognise it by."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)  # values of access.roles.Verb
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.hint}…"


class Environment(models.Model):
    slug = models.CharField(max_length=63, unique=True, validators=[slug_rule])
    name = models.CharField(max_length=120)
    is_production = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    slug = models.CharField(max_length=63, unique=True, validators=[slug_rule])
    name = models.CharField(max_length=120)

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    slug = models.CharField(max_length=63, unique=True, validators=[slug_rule])
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, max_length=4000)
    team = models.ForeignKey(Team, models.PROTECT, related_name="services")
    tier = models.PositiveSmallIntegerField(default=3)  # 1 is the most critical
    monthly_active_users = models.PositiveBigIntegerField(null=True)
    revenue_per_hour = models.DecimalField(max_digits=14, decimal_places=2, null=True)  # in the portal's one currency
    cost_per_hour = models.DecimalField(max_digits=14, decimal_places=2, null=True)  # what an hour under maintenance costs more
    on_call_schedule_url = models.URLField(blank=True, max_length=500)
    is_example = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)  # for If-Match

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(tier__gte=1, tier__lte=4), name="service_tier_1_to_4")]

    def __str__(self) -> str:
        return self.name


class OnCallSchedule(models.Model):
    """A calendar that services name for who is on call. Its address may hold a secret: it is shown to nobody but who may edit."""

    url = models.URLField(max_length=500, unique=True)
    digest = models.CharField(max_length=64, blank=True)
    succeeded_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    next_poll_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"schedule {self.pk}"


class OnCallShift(models.Model):
    """Somebody is on call; null where the calendar names nobody we know, with its words kept."""

    schedule = models.ForeignKey(OnCallSchedule, models.CASCADE, related_name="shifts")
    person = models.ForeignKey(Person, models.CASCADE, null=True, related_name="+")
    who = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_start")]
        indexes = [models.Index(fields=["schedule", "starts_at"], name="shift_by_start")]

    def __str__(self) -> str:
        return self.who


class Deployment(models.Model):
    """A service runs in this environment and region: what wildcards in a scope expand to."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="deployments")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="deployments")
    region = models.ForeignKey(Region, models.PROTECT, related_name="deployments")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "environment", "region"], name="deployment_once")]

    def __str__(self) -> str:
        return f"{self.service_id} in {self.environment_id}/{self.region_id}"


class Dependency(models.Model):
    """`service` needs `depends_on`. Cycles are allowed: real systems have them."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="dependencies")
    depends_on = models.ForeignKey(Service, models.CASCADE, related_name="dependents")

    class Meta:
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["service", "depends_on"], name="dependency_once"),
            models.CheckConstraint(condition=~Q(service=F("depends_on")), name="dependency_not_on_itself"),
        ]

    def __str__(self) -> str:
        return f"{self.service_id} needs {self.depends_on_id}"


class RedundancyGroup(models.Model):
    """Deployments that stand in for each other: windows leave at least `minimum` of them up, whoever asks."""

    slug = models.CharField(max_length=63, unique=True, validators=[slug_rule])
    name = models.CharField(max_length=120)
    minimum = models.PositiveIntegerField()
    members = models.ManyToManyField(Deployment, related_name="redundancy_groups")

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(minimum__gte=1), name="redundancy_minimum_at_least_1")]

    def __str__(self) -> str:
        return self.name


class RegionPair(models.Model):
    """Two regions that must never be down together: a service that runs in both stays up in one. Kept once, by slug in order."""

    one = models.ForeignKey(Region, models.CASCADE, related_name="+")
    other = models.ForeignKey(Region, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="region_pair_once"),
            models.CheckConstraint(condition=~Q(one=F("other")), name="region_pair_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} and {self.other_id}"
