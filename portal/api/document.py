"""How the OpenAPI document is made, for the settings: imports nothing, for nothing is set up yet."""

from typing import Any

SPECTACULAR_SETTINGS: dict[str, Any] = {  # the last of them names what has choices
    "TITLE": "Roadworks",
    "DESCRIPTION": "Planned maintenance: windows, approvals, runs, flags, objectives. Errors are problem+json (RFC 9457).",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "WindowStatus": "windows.scheduling.api.shapes.STATUS",
        "RunStatus": "windows.execution.api.shapes.RUN",
        "StepStatus": "windows.execution.api.shapes.STEP",
        "RehearsalKind": "windows.execution.api.shapes.REHEARSAL",
        "WindowMode": "windows.scheduling.api.shapes.MODES",
        "PublicStatus": "windows.announcements.api.announcements.SHOWN",
        "FollowUpKind": "windows.reviews.api.follow_ups.KINDS",
        "MessageUrgency": "windows.delivery.api.URGENCIES",
        "MessageStatus": "windows.delivery.api.STATUSES",
    },
}
