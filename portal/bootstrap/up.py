"""`manage.py up`: everything Roadworks needs, as children of one process."""

import argparse
import fcntl
import os
import shutil
import sys
import time
from typing import TextIO

from portal.bootstrap import example, guardian, local, portal, valkey
from portal.bootstrap.environment import ROOT, STATE, USED
from portal.bootstrap.ports import check_free
from portal.bootstrap.postgres import Cluster, forget_libpq_variables
from portal.bootstrap.processes import Child, Failed, Stopped, Supervisor, is_alive
from portal.bootstrap.programs import ROOT_HOME

EPILOG = f"""
Everything listens on loopback only: the portal on PORT, the flag server on PORT+1, the example from PORT+10.
State lives in {STATE} (ROADWORKS_HOME chooses another folder): data, logs, mails, a random secret key.
PostgreSQL refuses to run as root: started by root, it runs as `postgres` or `nobody`, and its data lies in
{ROOT_HOME}/<digest of the state folder>, beside a copy of its programs. Where the path of its socket would be too long or
has a space, the socket lies in a private folder of the temporary directory. --fresh removes all of it but the logs.
"""


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="manage.py up", description="Start Roadworks on this machine; Ctrl-C ends it.", epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--port", type=int, default=8000, help="of the portal (default: 8000)")
    parser.add_argument("--fresh", action="store_true", help="throw the local data away first")
    parser.add_argument("--no-example", action="store_true", help="an empty portal: no example data, no example processes")
    parser.add_argument("--guardian-fd", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if not 1024 <= options.port <= 65000:
        parser.error(f"--port must be between 1024 and 65000, not {options.port}")
    return options


def main(arguments: list[str]) -> int:
    options = parse(arguments)
    if options.guardian_fd is None:
        return guardian.main([sys.executable, str(ROOT / "manage.py"), "up", *arguments])
    forget_libpq_variables()
    began = time.monotonic()
    supervisor = None
    try:
        if not STATE.exists():  # a first start that is refused leaves nothing behind
            for number, name in {options.port: "web", options.port + 1: "flags"}.items():
                check_free(number, name, options.port)
        local.open_state()
        with (STATE / "up.lock").open("a+") as lock, hold_packages():
            supervisor = Supervisor(STATE / "log", options.guardian_fd, say=say, lock=lock.fileno())
            try:
                take(lock, supervisor, options.port)
                local.clear_leftovers()
                beside = start_portal(supervisor, options)
                greet(options, time.monotonic() - began)
                supervisor.start(*beside)  # after the first page: it takes both cores
                if beside:
                    say("The example runs.")
                supervisor.watch()
            finally:
                supervisor.stop()
    except Stopped as stopped:
        say(f"\n{stopped}: stopped.")
    except (Failed, OSError) as failed:
        print(f"\n{failed}", file=sys.stderr, flush=True)
        return 1
    return 0


def say(text: str) -> None:
    """To whoever started us; a closed terminal must not keep us from an orderly stop."""
    try:
        print(text, flush=True)
    except OSError:
        sys.stdout = open(os.devnull, "w")


def hold_packages() -> TextIO:
    """Shared, for as long as we run: nobody may rebuild .venv under us (environment.build asks)."""
    try:
        used = USED.open("a")
    except OSError:  # a folder we cannot write to: then nobody like us rebuilds there
        return open(os.devnull)
    fcntl.flock(used, fcntl.LOCK_SH)
    return used


def take(lock: TextIO, supervisor: Supervisor, port: int) -> None:
    """One `up` per state folder. What a killed one left behind is waited for: its children still hold the lock."""
    until, told = time.monotonic() + 15, False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            lock.seek(0)
            pid, _, address = lock.read().partition(" ")
            if pid.isdigit() and is_alive(int(pid)):
                raise Failed(f"Roadworks is already running on {STATE}: {address} (process {pid}).") from None
            if time.monotonic() > until:
                raise Failed(f"Something of an earlier run still holds {lock.name}; see `fuser {lock.name}`.") from None
            if not told:
                say("Waiting for the rest of an earlier run to end …")
            told = True
            supervisor.pause()
    lock.truncate(0)
    lock.write(f"{os.getpid()} http://127.0.0.1:{port}/")
    lock.flush()


def start_portal(supervisor: Supervisor, options: argparse.Namespace) -> list[Child]:
    """Stores, data, web, flags, workers; returns the example's processes, which are yet to be started."""
    port, with_example = options.port, not options.no_example
    cluster = Cluster.at(STATE)
    told = local.settings(cluster, port)
    beside = example.children(told["PORTAL_URL"], told["FLAGS_URL"], port + 10) if with_example else []
    for number, name in {port: "web", port + 1: "flags", **example.ports(beside)}.items():
        check_free(number, name, port)
    if options.fresh:  # what is refused has thrown nothing away
        local.throw_away(cluster)
        told = local.settings(cluster, port)  # the secrets went with the rest
    if not shutil.which("git"):
        say("There is no git here: all works, but runbooks kept in Git repositories need it.")
    say(f"Starting PostgreSQL and Valkey, data in {STATE} …")
    cluster.create()
    supervisor.start(cluster.child(), valkey.child(STATE / "valkey", cluster.sockets))
    local.for_processes(told)
    os.chdir(ROOT)
    prepare(supervisor, cluster, with_example)
    say("Starting the portal, the flag server, the workers …")
    supervisor.start(portal.web(port), portal.flags(port + 1), portal.workers())
    return beside


def prepare(supervisor: Supervisor, cluster: Cluster, with_example: bool) -> None:
    """Migrate and load. Importing Django to find nothing to do costs a second: skipped while none of their files has changed."""
    manage = [sys.executable, str(ROOT / "manage.py")]
    state = local.fingerprint(
        cluster,
        "slo/**/migrations/*.py",
        "windows/**/migrations/*.py",
        "portal/**/migrations/*.py",
        "portal/grants.py",
        "requirements.lock",
    )
    if not local.is_done("migrate", state):
        cluster.create_database()
        cluster.create_role()
        example.prepare_database(cluster)
        say("Preparing the database …")
        supervisor.run("prepare", [*manage, "prepare_database", "-v0"], local.owner(cluster))
        local.mark_done("migrate", state)
    state = local.fingerprint(cluster, "examples/**/*.py", "examples/**/*.yaml", f"portal/{example.LOADER}")
    if with_example and example.can_load() and not (local.is_done("example", state) and example.has_keys()):
        say("Loading the example …")
        supervisor.run("example", [*manage, "load_example"])
        local.mark_done("example", state)


def greet(options: argparse.Namespace, seconds: float) -> None:
    say(f"\nRoadworks is at  http://127.0.0.1:{options.port}/   (started in {seconds:.1f} s; Ctrl-C ends it)")
    say(f"Flag server      http://127.0.0.1:{options.port + 1}/")
    if not options.no_example and (people := example.log_ins()):
        say(f"\n{people}")
