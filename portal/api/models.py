"""What the portal itself must remember: answers already given, and sign-ins that failed."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now


class StoredAnswer(models.Model):
    """The first answer to a POST with an idempotency key. `status` is null while that first one is under way.

    `request_id` is the id of the request that works on it, which its audit entry carries too: after a crash in between, the trail
    tells whether the act was committed.
    """

    person_id = models.BigIntegerField()  # a value: an answer outlives nobody by more than a day
    key = models.CharField(max_length=260)
    digest = models.CharField(max_length=64)  # SHA-256 over path, query and body
    request_id = models.CharField(max_length=40)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_id", "key"], name="answer_once")]
        indexes = [
            models.Index(fields=["person_id", "created_at"], name="answer_by_age"),
            BrinIndex(fields=["created_at"], name="answers_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.key}: {self.status or 'under way'}"


class FailedSignIn(models.Model):
    """One wrong password, or one unknown account: the two are not told apart, here neither."""

    account = models.CharField(max_length=64)  # SHA-256 of what was typed, in lower case
    address = models.CharField(max_length=45)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["address", "at"], name="failed_by_address"),
            models.Index(fields=["account", "at"], name="failed_by_account"),
            BrinIndex(fields=["at"], name="failed_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.address} at {self.at}"
