"""The trail. A trigger (migration 0002) refuses UPDATE, DELETE and TRUNCATE on entries and seals; the app role lacks the right too."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now


class AuditEntry(models.Model):
    """One act, told in values: deleting a person or a window rewrites nothing here."""

    at = models.DateTimeField(db_default=Now())
    kind = models.CharField(max_length=60)  # dotted past tense: window.approved
    actor = models.CharField(max_length=200)
    actor_id = models.BigIntegerField(null=True)  # a Person's id as a value; null for the system
    via = models.CharField(max_length=20)
    subject = models.CharField(max_length=120)  # MW-1042, service:orders, flag:orders/prod
    window = models.CharField(max_length=20, blank=True, db_default="")
    run_id = models.BigIntegerField(null=True)
    data = models.JSONField(default=dict)  # all that a message about it needs
    request_id = models.CharField(max_length=40, blank=True, db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["window", "id"], name="audit_by_window"),
            models.Index(fields=["subject", "id"], name="audit_by_subject"),
            models.Index(fields=["kind", "id"], name="audit_by_kind"),
            BrinIndex(fields=["at"], name="audit_by_time"),  # entries lie in the order of their time: a few pages for years
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class AuditPending(models.Model):
    """Entries that wait for the sealer. A trigger (migration 0003) adds them, whoever writes the entry; so the sealer need not search."""

    entry_id = models.BigIntegerField(primary_key=True)

    class Meta:
        verbose_name_plural = "audit pending"

    def __str__(self) -> str:
        return str(self.entry_id)


class AuditSeal(models.Model):
    """The place of an entry in the hash chain: position without gap, hash over the previous hash and the entry's canonical bytes."""

    position = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.position}: {self.digest[:12]}"


class AuditHead(models.Model):
    """A signed statement "at this position the chain's hash was this", to be kept elsewhere: it shows truncation."""

    position = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    signature = models.CharField(max_length=100)
    at = models.DateTimeField()  # part of what is signed

    def __str__(self) -> str:
        return f"head {self.position}"
