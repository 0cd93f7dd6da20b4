"""Words of incidents and complaints. Pure."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    CRITICAL = "critical"  # users cannot do what they came for
    MAJOR = "major"  # a part of them, or a part of it
    MINOR = "minor"


class Via(StrEnum):
    BROWSER = "browser"
    API = "api"
    EMAIL = "email"
    CSV = "csv"
    ENGINE = "engine"  # opened by a watch after a window, say


class LinkedBy(StrEnum):
    TAG = "tag"  # it names the window
    SCOPE = "scope"  # it began inside the window, on a service the window touches
    DEPENDENCY = "dependency"  # on a service that needs one that the window touches
    PERSON = "person"
