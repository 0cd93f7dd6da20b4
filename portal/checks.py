"""What production refuses to start with, each by its variable's name. Every process asks before it does anything else.

`problems` is pure and knows no Django; `manage.py check --deploy` shows the same sentences.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from portal.defaults import Defaults

BROKERS = ("amqp", "amqps", "redis", "rediss", "redis+socket")
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}


def problems(environ: Mapping[str, str]) -> list[str]:
    """One sentence for each setting that is missing or insecure; empty when the process may start."""
    local = environ.get("ROADWORKS_LOCAL") == "1"
    asked: list[Callable[[Mapping[str, str]], Iterator[str]]] = [loopback_only] if local else [secret, hosts, stores, addresses]
    return [sentence for ask in (*asked, durations) for sentence in ask(environ)]


def refuse_insecure(environ: Mapping[str, str] = os.environ) -> None:
    """End this process with exit status 78 (EX_CONFIG) and the sentences, if there is any problem."""
    found = problems(environ)
    if found:
        sys.stderr.write("".join(f"Roadworks does not start: {sentence}\n" for sentence in found))
        sys.exit(78)


def loopback_only(environ: Mapping[str, str]) -> Iterator[str]:
    """ROADWORKS_LOCAL relaxes cookies and TLS, which is right on loopback and nowhere else."""
    named = {urlsplit(environ.get(name, "")).hostname or "localhost" for name in ("PORTAL_URL", "FLAGS_URL")}
    named |= {host.strip() for host in environ.get("ALLOWED_HOSTS", "").split(",") if host.strip()}
    if foreign := sorted(named - LOOPBACK - {"testserver"}):
        yield f"ROADWORKS_LOCAL=1 is for a portal on loopback, but {', '.join(foreign)} is named; unset ROADWORKS_LOCAL."


def secret(environ: Mapping[str, str]) -> Iterator[str]:
    key = environ.get("SECRET_KEY", "")
    if not key:
        yield "SECRET_KEY is missing."
    elif len(key) < 50 or len(set(key)) < 5 or key.startswith("django-insecure-"):
        yield "SECRET_KEY is too weak: it needs 50 or more random characters."


def hosts(environ: Mapping[str, str]) -> Iterator[str]:
    names = [host.strip() for host in environ.get("ALLOWED_HOSTS", "").split(",") if host.strip()]
    if not names:
        yield "ALLOWED_HOSTS is missing: name the hosts this portal answers to."
    if any("*" in name for name in names):
        yield "ALLOWED_HOSTS contains `*`, which lets anybody choose the address in our mails; name the hosts."


def stores(environ: Mapping[str, str]) -> Iterator[str]:
    database, owner, broker = (environ.get(name, "") for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL"))
    if not database:
        yield "DATABASE_URL is missing."
    elif urlsplit(database).scheme not in ("postgresql", "postgres"):
        yield "DATABASE_URL must be a postgresql:// address; Roadworks keeps its promises by PostgreSQL's constraints."
    elif owner and urlsplit(owner).username == urlsplit(database).username:
        yield "DATABASE_URL and DATABASE_OWNER_URL name the same role; the role that runs must not be the one that owns."
    if not broker:
        yield "BROKER_URL is missing."
    elif urlsplit(broker).scheme not in BROKERS:
        yield f"BROKER_URL must be RabbitMQ, Valkey or Redis ({', '.join(BROKERS)}); other brokers lose messages."


def addresses(environ: Mapping[str, str]) -> Iterator[str]:
    for name in ("PORTAL_URL", "FLAGS_URL"):
        address = urlsplit(environ.get(name, ""))
        if not address.netloc:
            yield f"{name} is missing."
        elif address.scheme != "https":
            yield f"{name} must be https; cookies and tokens travel there."


def durations(environ: Mapping[str, str]) -> Iterator[str]:
    try:
        told = Defaults.from_environ(environ)
    except ValueError as error:
        yield f"{error}."
        return
    if told.heartbeat * 2 > told.lease:
        yield "ROADWORKS_HEARTBEAT must be at most half of ROADWORKS_LEASE, or one late beat loses the run."


def system_check(**_: Any) -> list[Any]:
    """The same for `manage.py check --deploy`; registered by portal/apps.py."""
    from django.core.checks import Error

    return [Error(sentence, id="portal.E001") for sentence in problems(os.environ)]
