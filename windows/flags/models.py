"""The flag store. One locked counter row gives every change the next global version, without a gap."""

from enum import StrEnum

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from windows.flags.routing import ANY, FlagKey
from windows.lifecycle.states import Mode


class OnExpiry(StrEnum):
    ALARM = "alarm"  # clearing by itself could corrupt data: read_only, offline, rerouted
    CLEAR = "clear"


class FlagCounter(models.Model):
    """One row (id 1), locked FOR UPDATE by every change: `version` is the newest global version."""

    version = models.BigIntegerField(default=0)
    nodes_version = models.BigIntegerField(default=0)  # grows when a node is registered or retired: readers reload the tokens
    epoch = models.CharField(max_length=32)  # random; a store built anew has another one, so that its low versions are believed

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="flag_counter_single")]

    def __str__(self) -> str:
        return str(self.version)


class Flag(models.Model):
    """The current value for a (target, environment, region, layer, component), each a slug or "*"."""

    target = models.CharField(max_length=63, default=ANY)
    environment = models.CharField(max_length=63, default=ANY)
    region = models.CharField(max_length=63, default=ANY)
    layer = models.CharField(max_length=3, default=ANY)
    component = models.CharField(max_length=63, default=ANY)
    mode = models.CharField(max_length=20, choices=[(m.value, m.value) for m in Mode], default=Mode.NORMAL.value)
    payload = models.JSONField(default=dict)  # window, message, retry_after (s), until (RFC 3339)
    version = models.BigIntegerField(default=0)  # the flag's own: compare-and-set
    global_version = models.BigIntegerField(default=0)
    window = models.CharField(max_length=20, blank=True)
    confidential = models.BooleanField(default=False, db_default=False)  # whose window it is, is told to nobody; the mode is told to all
    set_by = models.CharField(max_length=200, blank=True)
    set_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField(null=True)
    on_expiry = models.CharField(max_length=10, choices=[(e.value, e.value) for e in OnExpiry], default=OnExpiry.ALARM.value)
    alarmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["target", "environment", "region", "layer", "component"], name="flag_once"),
            models.CheckConstraint(
                condition=Q(mode=Mode.NORMAL.value) | Q(lease_until__isnull=False), name="flag_has_a_lease"
            ),  # never forgotten
        ]
        indexes = [models.Index(fields=["lease_until"], condition=Q(lease_until__isnull=False), name="flag_leases")]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def key(self) -> FlagKey:
        return FlagKey(self.target, self.environment, self.region, self.layer, self.component)


class FlagVersion(models.Model):
    """History: every change, by its global version. Append-only by trigger; a lease renewal is no change."""

    global_version = models.BigIntegerField(primary_key=True)
    flag = models.ForeignKey(Flag, models.PROTECT, related_name="versions")
    version = models.BigIntegerField()
    mode = models.CharField(max_length=20)
    payload = models.JSONField(default=dict)
    window = models.CharField(max_length=20, blank=True)
    confidential = models.BooleanField(default=False, db_default=False)
    actor = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    echo = models.CharField(max_length=32)  # random; served with this version and repeated by its receipts
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["flag", "version"], name="flag_version_once")]
        indexes = [models.Index(fields=["window"], condition=~models.Q(window=""), name="flag_versions_of_window")]

    def __str__(self) -> str:
        return f"{self.flag_id} v{self.version}"


class Node(models.Model):
    """One instance of a service that reads the flag; posts receipts with a token of its own (SHA-256 stored)."""

    name = models.CharField(max_length=120)
    service = models.CharField(max_length=63)
    environment = models.CharField(max_length=63)
    region = models.CharField(max_length=63)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True)  # no longer expected to acknowledge

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "environment", "region", "name"], name="node_once"),
        ]

    def __str__(self) -> str:
        return f"{self.service}/{self.name}"


class FlagReceipt(models.Model):
    """What a node last said it applied. One row a node: history stands in the audit trail when it goes backwards."""

    node = models.OneToOneField(Node, models.CASCADE, related_name="receipt")
    version = models.BigIntegerField()  # the global version it applied
    mode = models.CharField(max_length=20)
    at = models.DateTimeField(db_default=Now())
    highest = models.BigIntegerField(default=0)  # falling below it is a split brain

    def __str__(self) -> str:
        return f"{self.node_id} at {self.version}"
