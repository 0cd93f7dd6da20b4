"""Every environment variable Roadworks reads, in one table: README shows it, a test holds both against the code.

Plain data, no Django: processes are checked before they import anything slow.
"""

from dataclasses import dataclass, fields
from datetime import timedelta

from portal.defaults import Defaults

REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Variable:
    """`default` is a text for people; REQUIRED means that production refuses to start without it."""

    name: str
    meaning: str
    default: str = ""


PRODUCTION = (
    Variable("SECRET_KEY", "signs sessions and tokens; 50 random characters or more", REQUIRED),
    Variable("ALLOWED_HOSTS", "host names the portal answers to, separated by commas; no `*`", REQUIRED),
    Variable("DATABASE_URL", "`postgresql://app-role:password@host/name`, the role that runs", REQUIRED),
    Variable("DATABASE_OWNER_URL", "the role that migrates; only for `manage.py prepare_database`", "as DATABASE_URL"),
    Variable("BROKER_URL", "`amqp://…` (RabbitMQ, quorum queues) or `redis://…` (Valkey, Redis)", REQUIRED),
    Variable("PORTAL_URL", "the portal's own address, as people see it; https", REQUIRED),
    Variable("FLAGS_URL", "the flag server's address, as browsers and nodes see it; https", REQUIRED),
    Variable("OTLP_URL", "the portal as services send OTLP to it and workers reach it: preflight's canary goes in there", "PORTAL_URL"),
    Variable("STATUS_PAGE_NAME", "the public status page's title", "Planned maintenance"),
    Variable("CURRENCY", "what the services' revenue figures are counted in", "EUR"),
    Variable("BEHIND_TLS_PROXY", "`1` where a proxy ends TLS and sets X-Forwarded-Proto itself"),
    Variable("PROMETHEUS_URL", "where objectives and gates read Prometheus", "no Prometheus"),
    Variable("ALERTMANAGER_URL", "where `silence` steps suppress alerts", "no Alertmanager"),
    Variable("TRACES_URL", "another product's page of one trace, with `{trace_id}` in its place: a link beside ours", "no link"),
    Variable(
        "BALANCER_<NAME>", "an HAProxy admin socket that `traffic` steps reach by the name: `unix:///path` or `tcp://host:port`", "none"
    ),
    Variable("HTTP_ALLOWED_HOSTS", "hosts that `http` steps and scraped objectives may reach, separated by commas", "none"),
    Variable("RUNBOOK_REPOSITORIES", "folders and https addresses under which runbooks in Git may lie, separated by commas", "none"),
    Variable("COMMANDS_DIR", "the folder whose programs `command` steps may run", "none"),
    Variable("TARGET_DATABASE_<NAME>", "a database that `sql` steps reach by the name; one variable each", "none"),
    Variable("FLAGS_SNAPSHOT", "file the flag server starts from while the database is away", "no file"),
    Variable("FLAGS_READ_TOKENS", "tokens that may read flags, separated by commas; needed where the flag server leaves loopback", "none"),
    Variable("FLAGS_MAX_STREAMS", "event streams the flag server holds open at once", "10000"),
    Variable("FLAGS_NODE_TOKEN", "a node's own token, for `python -m windows.flags.client`"),
    Variable("STATIC_ROOT", "where `collectstatic` puts files", "staticfiles"),
    Variable("EMAIL_BACKEND", "Django's mail backend", "SMTP"),
    Variable("EMAIL_HOST", "mail server", "localhost"),
    Variable("EMAIL_FROM", "sender of every message", "roadworks@localhost"),
    Variable("EMAIL_FILE_PATH", "folder of the file backend"),
    Variable("PROMETHEUS_MULTIPROC_DIR", "folder, emptied at each start, in which all processes count for one `/metrics`", "each its own"),
    Variable("LOG_LEVEL", "DEBUG, INFO, WARNING, ERROR", "WARNING"),
    Variable("METRICS_TOKEN", "what a scraper from another machine sends as bearer token to /metrics", "loopback only"),
    Variable("READY_FILE", "a worker or beat touches this file once it works"),
)
LOCAL = (
    Variable("ROADWORKS_HOME", "where `up` and `test` keep data, logs and secrets", "var"),
    Variable("ROADWORKS_ENVIRONMENT", "`given`: the packages are there, build no `.venv`"),
    Variable("ROADWORKS_LOCAL", "`1`: a portal on loopback only; set by `up` and `test`"),
    Variable("PG_BINDIR", "folder of `postgres` and `initdb` to use instead of the embedded ones"),
    Variable("PG_OS_USER", "user the embedded PostgreSQL runs as when root starts it", "postgres, else nobody"),
    Variable("TEST_DATABASE_URL", "server for the tests instead of the embedded one"),
    Variable("ROADWORKS_NO_SKIPS", "`1`: a skipped test counts as a failure (`.ci/run`)"),
)
MEANINGS = {
    "lease": "how long a run belongs to a worker that says nothing",
    "heartbeat": "how often a worker renews its lease",
    "sweep": "how often due runs are looked for",
    "stop_check": "how often a step in flight learns that it should stop",
    "inconclusive_timeout": "how long a gate may stay undecided",
    "flag_lease": "how long a flag stays set unless renewed",
    "turn_back_warning": "how long before turn-back time people are warned",
    "request_grace": "how long after its start an undecided request expires",
    "emergency_approval": "how long after its begin an emergency may wait for its approval",
    "latest_start": "how long after its start an approved window may still begin",
    "preflight_retry": "how often failed preflight checks are tried again",
    "longest_window": "the longest window that may be requested",
    "rollback_reserve_factor": "measured rollback time is multiplied by this",
    "gate_timeout": "how long one measurement may take",
    "reconcile": "how often surfaces (silences, traffic, flags …) are compared with what is desired",
    "silence_ttl": "how long a silence lasts unless renewed",
    "silence_renew": "how often silences are renewed",
    "api_rate": "requests a second that one API token, or one feed address, may make",
    "api_burst": "requests that it may make at once",
    "watch_after": "how long the SLIs of a window stay watched once it has ended",
    "sealer": "how often audit entries are sealed",
}


def timings() -> tuple[Variable, ...]:
    """One variable for each default of the product; durations are seconds."""
    return tuple(Variable(f"ROADWORKS_{f.name.upper()}", MEANINGS[f.name], shown(f.default)) for f in fields(Defaults))


def shown(value: object) -> str:
    return f"{value.total_seconds():g} s" if isinstance(value, timedelta) else str(value)


def variables() -> tuple[Variable, ...]:
    return (*PRODUCTION, *LOCAL, *timings())


def table() -> str:
    """The settings table of README.md, exactly."""
    rows = [f"| `{v.name}` | {v.meaning} | {f'**{v.default}**' if v.default == REQUIRED else v.default} |" for v in variables()]
    return "\n".join(["| variable | meaning | default |", "| --- | --- | --- |", *rows])
