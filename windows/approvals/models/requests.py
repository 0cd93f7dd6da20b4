"""Policies as data, requests bound to a digest, and signatures the database itself keeps honest."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce, Now

from windows.scheduling.models import Window


class Decision(StrEnum):
    APPROVED = "approved"
    REJECTED = "rejected"


class RequestStatus(StrEnum):
    OPEN = "open"
    GRANTED = "granted"
    REJECTED = "rejected"
    LAPSED = "lapsed"  # what was approved changed
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Kind(StrEnum):
    COMMENT = "comment"
    QUESTION = "question"
    ANSWER = "answer"


class Policy(models.Model):
    """Maps what a window is to who must approve. The first enabled row by `position` whose `match` fits decides."""

    name = models.CharField(max_length=120, unique=True)
    position = models.PositiveIntegerField()
    match = models.JSONField(
        default=dict
    )  # {"tier": [1, 2], "change_type": ["normal"], "environment": ["production"], "mode": [...]}; absent = any
    requires = models.JSONField(
        default=list
    )  # [{"role": "sre", "quorum": 1, "team": "owner" | "affected" | "any"}]; empty = pre-authorised
    separate_executor = models.BooleanField(default=False)  # who approved may not start it
    bounds = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))  # approvals.bounds: lead_hours, longest_minutes, …
    is_enabled = models.BooleanField(default=True)
    is_example = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "policies"
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name


class ApprovalRequest(models.Model):
    """One asking: the material fields as they were (`material`), their SHA-256, and what the policy demanded then."""

    window = models.ForeignKey(Window, models.CASCADE, related_name="requests")
    number = models.PositiveIntegerField()  # 1, 2, … within the window
    digest = models.CharField(max_length=64)
    material = models.JSONField()
    policy = models.CharField(max_length=120)
    requires = models.JSONField(default=list)
    separate_executor = models.BooleanField(default=False)
    signers = models.JSONField(default=list)  # [[person id, team slug, role]] held when it was asked: a role gained later signs nothing
    conflicts = models.JSONField(default=list)  # the soft findings that were accepted, as they read then
    conflict_reason = models.TextField(blank=True, max_length=4000)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(db_default=Now())
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in RequestStatus], default=RequestStatus.OPEN.value)
    decided_at = models.DateTimeField(null=True)
    lapsed_because = models.JSONField(default=list)  # names of material fields that changed, with before and after

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["window", "number"], name="request_number_once"),
            models.UniqueConstraint(fields=["window"], condition=Q(status__in=["open", "granted"]), name="one_request_in_force"),
        ]
        indexes = [models.Index(fields=["decided_at"], condition=Q(status="granted"), name="request_granted_at")]

    def __str__(self) -> str:
        return f"{self.window_id} #{self.number}"


class Approval(models.Model):
    """One person's signature under one request. `requester` is copied so that the database can refuse self-approval."""

    request = models.ForeignKey(ApprovalRequest, models.CASCADE, related_name="approvals")
    approver = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    on_behalf_of = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")  # whose place it fills
    decision = models.CharField(max_length=10, choices=[(d.value, d.value) for d in Decision])
    roles = models.JSONField(default=list)  # [[team slug, role]] the signature counted for, as held then
    reason = models.TextField(blank=True, max_length=4000)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "approver"], name="one_approval_each"),
            models.UniqueConstraint(F("request"), Coalesce("on_behalf_of", "approver"), name="one_place_each_person"),
            models.CheckConstraint(condition=~Q(approver=F("requester")), name="nobody_approves_their_own"),
            models.CheckConstraint(
                condition=Q(on_behalf_of__isnull=True) | (~Q(on_behalf_of=F("requester")) & ~Q(on_behalf_of=F("approver"))),
                name="nobody_approves_by_their_delegate",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id} {self.decision} by {self.approver_id}"


class Comment(models.Model):
    """What somebody says about a window: a remark, a question to those who ask for it, or the answer to one. Never edited."""

    window = models.ForeignKey(Window, models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in Kind], default=Kind.COMMENT.value)
    answers = models.ForeignKey("self", models.CASCADE, null=True, related_name="answered_by")
    text = models.TextField(max_length=4000)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="answer", answers__isnull=False) | (~Q(kind="answer") & Q(answers__isnull=True)),
                name="answer_to_a_question",
            )
        ]
        indexes = [models.Index(fields=["window", "id"], name="comment_by_window")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.author_id} on {self.window_id}"


class Delegation(models.Model):
    """Somebody signs in another's place from one moment to another. It ends by itself; nothing runs when it does."""

    delegator = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="delegations")
    delegate = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField(blank=True, max_length=4000)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(delegate=F("delegator")), name="delegate_is_somebody_else"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="delegation_ends_after_start"),
        ]
        indexes = [models.Index(fields=["delegate", "ends_at"], name="delegation_in_force", condition=Q(revoked_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.delegate_id} for {self.delegator_id}"


class Reminder(models.Model):
    """Somebody was told of an open request, at one of the steps of approvals.reminding: each once."""

    request = models.ForeignKey(ApprovalRequest, models.CASCADE, related_name="reminders")
    step = models.CharField(max_length=10)  # asked, reminded, escalated
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request", "step"], name="reminded_once_a_step")]

    def __str__(self) -> str:
        return f"{self.request_id} {self.step}"


class SigningLink(models.Model):
    """An address in a mail under which its recipient decides about one request, once. Only its hash is kept."""

    request = models.ForeignKey(ApprovalRequest, models.CASCADE, related_name="links")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    hashed = models.CharField(max_length=64, unique=True)  # SHA-256 of the secret in the address
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.person_id} for {self.request_id}"
