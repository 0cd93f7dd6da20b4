"""Words of reviews. Pure."""

from __future__ import annotations

from enum import StrEnum


class PostmortemStatus(StrEnum):
    DRAFT = "draft"  # → published, by a person
    PUBLISHED = "published"  # final: what is learnt later is a follow-up


class FollowUpStatus(StrEnum):
    OPEN = "open"  # → done | dropped
    DONE = "done"
    DROPPED = "dropped"  # with a reason
