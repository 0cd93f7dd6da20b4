"""Words of reviews. Pure."""

from __future__ import annotations

from enum import StrEnum


class PostmortemStatus(StrEnum):
    DRAFT = "draft"  # → published, by a person
    PUBLISHED = "published"  # final: what is learnt later is a follow-up


class FollowUpKind(StrEnum):
    FOLLOW_UP = "follow_up"  # what somebody will do because of a window
    LEFTOVER = "leftover"  # what a window left running and somebody must tear down (X20)


class FollowUpStatus(StrEnum):
    OPEN = "open"  # → done | dropped
    DONE = "done"
    DROPPED = "dropped"  # with a reason
