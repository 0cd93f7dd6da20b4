"""From what a flag says to nginx's configuration. Pure.

Free text (the message for users) never enters the configuration: it goes into the maintenance page, escaped. What enters it are slugs of
the settings, numbers, and paths and addresses whoever runs the agent has given.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

READING = "GET|HEAD|OPTIONS"
HOUR = 3600
TITLES = {"offline": "Down for maintenance", "read_only": "Read-only for now", "throttled": "Too many at once"}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{message}</p><p>Please try again {again}.</p></main></body></html>
"""


class CannotApply(Exception):
    """This nginx cannot do what the flag says; its text says what is missing."""


@dataclass(frozen=True, slots=True)
class Edge:
    """What the flag does not know: where this service is served. `rate` counts requests per second for `throttled` where the flag names
    none; `open` are paths that are never refused (health checks); `reroute` is where users go instead; `cache` a folder for answers."""

    service: str
    rate: int = 10
    open: tuple[str, ...] = ()
    reroute: str = ""
    cache: str = ""

    @property
    def name(self) -> str:
        """As part of a variable's or zone's name."""
        return f"roadworks_{self.service.replace('-', '_')}"


def files(edge: Edge, mode: str, value: Mapping[str, Any], *, folder: str, mark: str) -> dict[str, str]:
    """Every file of one version by its name. `folder` is where they will lie, `mark` what `/.roadworks/<service>.version` answers.

    `value`: retry_after (seconds), message, rate (requests per second). CannotApply where the mode needs what this edge lacks.
    """
    if mode == "rerouted" and not edge.reroute:
        raise CannotApply(f"{edge.service} is to be rerouted, and this edge knows no other place: give --reroute.")
    retry = number(value.get("retry_after"), 30, most=24 * HOUR)
    title, message = TITLES.get(mode, "Maintenance"), str(value.get("message") or "This service is under maintenance.")
    again = f"in {retry} seconds" if retry < 120 else f"in {round(retry / 60)} minutes"
    problem = {"type": "about:blank", "title": title, "status": 503, "detail": message, "retry_after": retry}
    return {
        f"{edge.service}.http.conf": http_part(edge, mode, value),
        f"{edge.service}.server.conf": server_part(edge, mode, folder, retry),
        f"{edge.service}.html": PAGE.format(title=html.escape(title), message=html.escape(message), again=again),
        f"{edge.service}.json": json.dumps(problem) + "\n",
        f"{edge.service}.version": mark,
    }


def http_part(edge: Edge, mode: str, value: Mapping[str, Any]) -> str:
    """For the http block: who is refused, which page they get, how many are let in."""
    ours = rf"^\S+ /\.roadworks/{re.escape(edge.service)}\."
    refused = {"offline": "1", "rerouted": "1", "read_only": "1"}.get(mode, "0")
    spared = [ours, *(rf"^\S+ {re.escape(path)}(/|$)" for path in edge.open)]
    lines = [f'    "~{each}" 0;' for each in spared]
    if mode == "read_only":
        lines.append(f'    "~^({READING}) " 0;')
    rate = number(value.get("rate"), edge.rate, least=1, most=1_000_000)
    parts = [
        f'map "$request_method $uri" ${edge.name}_refused {{\n    volatile;  # asked again for the page itself',
        *lines,
        f"    default {refused};\n}}",
        f"map $http_accept ${edge.name}_page {{\n    ~text/html /.roadworks/{edge.service}.html;",
        f"    default /.roadworks/{edge.service}.json;\n}}",
        f'map "$request_method $uri" ${edge.name}_counted {{',
        *(f'    "~{each}" "";' for each in spared),
        "    default $server_port;\n}",  # all users together: it is the service that is spared
        f"limit_req_zone ${edge.name}_counted zone={edge.name}:1m rate={rate}r/s;",
    ]
    if edge.cache:
        parts.append(
            f"proxy_cache_path {edge.cache}/{edge.service} keys_zone={edge.name}_cache:2m max_size=256m inactive=1d use_temp_path=off;"
        )
    return "\n".join([HEADER, *parts, ""])


def server_part(edge: Edge, mode: str, folder: str, retry: int) -> str:
    """For the service's server block."""
    parts = [
        HEADER,
        f"location ^~ /.roadworks/{edge.service}. {{\n    internal;\n    alias {folder}/{edge.service}.;\n"
        "    types { text/html html; application/problem+json json; }\n"
        f"    add_header Retry-After {retry} always;\n    add_header Cache-Control no-store always;\n}}",
        f"location = /.roadworks/{edge.service}.version {{\n    alias {folder}/{edge.service}.version;\n    default_type text/plain;\n"
        "    add_header Cache-Control no-store always;\n    allow 127.0.0.1;\n    allow ::1;\n    deny all;\n}",
    ]
    if mode in ("offline", "read_only", "throttled"):
        parts.append(f"error_page 503 429 ${edge.name}_page;")
    if mode in ("offline", "read_only"):
        parts.append(f"if (${edge.name}_refused) {{ return 503; }}")
    if mode == "rerouted":
        parts.append(f"if (${edge.name}_refused) {{ return 307 {edge.reroute.rstrip('/')}$request_uri; }}")
    if mode == "throttled":
        parts.append(f"limit_req zone={edge.name} burst=20;\nlimit_req_status 429;")
    if edge.cache:
        parts += cached(edge, mode)
    return "\n".join([*parts, ""])


def cached(edge: Edge, mode: str) -> list[str]:
    """Answers to people nobody knows are kept all the time, and used while the service is degraded."""
    personal = "$http_authorization $http_cookie"
    use = personal if mode == "degraded" else f'{personal} "always"'
    return [
        f"proxy_cache {edge.name}_cache;\nproxy_cache_valid 200 301 404 10m;\nproxy_cache_lock on;",
        f"proxy_no_cache {personal};\nproxy_cache_bypass {use};",
        *(["proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;"] if mode == "degraded" else []),
    ]


HEADER = "# Written by the Roadworks edge agent; what is edited here is lost with the next version."


def number(given: Any, otherwise: int, *, least: int = 0, most: int) -> int:
    """A whole number out of a flag's payload; anything else is as if it were not there."""
    is_number = isinstance(given, int | float) and not isinstance(given, bool) and least <= given <= most
    return int(given) if is_number else otherwise
