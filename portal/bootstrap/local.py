"""The local portal: one state folder, its secret, and the settings its processes get."""

import hashlib
import json
import os
import secrets
import shutil
from pathlib import Path

from portal.bootstrap import valkey
from portal.bootstrap.environment import LOCAL, ROOT, STATE
from portal.bootstrap.postgres import APP, OWNER, Cluster
from portal.bootstrap.processes import Failed

EXAMPLE_DATABASE = "shop"  # the example's own, in the same cluster, reached by its own role
KEPT = ("log", "up.lock")  # by --fresh
FOREIGN = ("DATABASE_OWNER_URL", "BEHIND_TLS_PROXY", "STATIC_ROOT", "READY_FILE", "PYTHONSAFEPATH", "PYTHONHOME", "TEST_DATABASE_URL")


def open_state() -> None:
    """Make the state folder and its parts, private to us; Failed in one sentence where that cannot be."""
    try:
        STATE.mkdir(parents=True, exist_ok=True)  # its mode is its owner's affair: ROADWORKS_HOME may name any folder
        for name in ("log", "tmp", "ready", "metrics", "mail", "shop", "valkey"):
            (STATE / name).mkdir(mode=0o700, exist_ok=True)
        probe = STATE / "tmp" / "probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Failed(f"Cannot write to {STATE}: {error.strerror}. Roadworks keeps its data and logs there (see ROADWORKS_HOME).") from error


def clear_leftovers() -> None:
    """What a run before left: files of killed workers (pymp-*), marks, counts, and its logs, kept once as .old. Only for who
    holds the lock: a second `up`, about to be refused, must not take them from the one that runs."""
    for leftover in [path for name in ("tmp", "ready", "metrics") for path in (STATE / name).iterdir()]:
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    for log in (STATE / "log").glob("*.log"):
        log.replace(log.with_suffix(".old"))


def throw_away(cluster: Cluster) -> None:
    """--fresh: everything a run leaves behind, but logs and the data of tests."""
    for folder in (cluster.home, cluster.sockets):
        shutil.rmtree(folder, ignore_errors=True)
    for path in STATE.iterdir():
        if path.name in KEPT or path.name.startswith("test"):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    open_state()


def secret_key() -> str:
    """A random one for each state folder; written whole or not at all."""
    path = STATE / "secret_key"
    try:
        if len(key := path.read_text().strip()) >= 50:
            return key
    except FileNotFoundError:
        pass
    key = secrets.token_urlsafe(60)
    write_private(path, key)
    return key


def write_private(path: Path, text: str) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    beside.replace(path)


def settings(cluster: Cluster, port: int) -> dict[str, str]:
    """What every process of the local portal gets. The owner's address is not among it: the processes run as the app role."""
    return {
        "ROADWORKS_LOCAL": "1",
        "ROADWORKS_HOME": str(STATE),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "SECRET_KEY": secret_key(),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "DATABASE_URL": cluster.address(APP),
        "BROKER_URL": valkey.url(cluster.sockets),
        "PORTAL_URL": f"http://127.0.0.1:{port}",
        "OTLP_URL": f"http://127.0.0.1:{port}",
        "FLAGS_URL": f"http://127.0.0.1:{port + 1}",
        "FLAGS_SNAPSHOT": str(STATE / "flags.json"),
        "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
        "EMAIL_FILE_PATH": str(STATE / "mail"),
        "HTTP_ALLOWED_HOSTS": "127.0.0.1",
        "ROADWORKS_LATEST_START": os.environ.get("ROADWORKS_LATEST_START", "10800"),  # the example's windows stay startable for hours
        "TARGET_DATABASE_ORDERS": cluster.address(EXAMPLE_DATABASE, EXAMPLE_DATABASE),
    }


def for_processes(told: dict[str, str]) -> None:
    """Put the settings into our own environment, from which every child inherits; drop what is meant for other portals."""
    ignored = [name for name in ("DATABASE_URL", "BROKER_URL") if os.environ.get(name, told[name]) != told[name]]
    if ignored:
        print(f"{' and '.join(ignored)} of your shell: ignored; `up` brings its own database and broker.", flush=True)
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ.update(
        told, PYTHONPATH=str(ROOT), PYTHONUNBUFFERED="1", TMPDIR=str(STATE / "tmp"), PROMETHEUS_MULTIPROC_DIR=str(STATE / "metrics")
    )
    write_private(STATE / LOCAL, json.dumps(told, indent=1))


def owner(cluster: Cluster) -> dict[str, str]:
    return {"DATABASE_OWNER_URL": cluster.address(OWNER)}


def fingerprint(cluster: Cluster, *patterns: str) -> str:
    """Of files and of the cluster: a stamp about one cluster must not be believed of another."""
    found = sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()})
    content = b"".join(path.name.encode() + path.read_bytes() for path in found)
    return f"{cluster.identity()} {hashlib.sha256(content).hexdigest()}"


def is_done(step: str, fingerprint: str) -> bool:
    """Whether `step` was finished with this fingerprint; see `mark_done`."""
    try:
        return (STATE / f"{step}.done").read_text() == fingerprint
    except OSError:
        return False


def mark_done(step: str, fingerprint: str) -> None:
    (STATE / f"{step}.done").write_text(fingerprint)
