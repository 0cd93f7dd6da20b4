"""`manage.py up`, really started in a folder with a hostile name, and killed in every part."""

import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from portal.bootstrap.portal import ROLES
from portal.bootstrap.postgres import Cluster
from tests.servers import free_ports
from tests.workers import children_of, is_alive

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300  # seconds for a start that takes five, or a hundred on two busy cores; only one that hangs for ever meets the bound


class Up:
    """One `manage.py up` on a state folder of its own."""

    def __init__(self, home: Path, port: int):
        self.home, self.port = home, port
        self.output = home.parent / "output.txt"
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "manage.py", "up", "--port", str(self.port), "--no-example", *arguments]

    def environ(self) -> dict[str, str]:
        foreign = {
            "PGHOST": "db.example.org",
            "PGSSLMODE": "verify-full",
            "DATABASE_URL": "postgresql://elsewhere/x",
            "HTTP_PROXY": "http://127.0.0.1:9",
        }
        ours = {k: v for k, v in os.environ.items() if not k.startswith("ROADWORKS_") and k != "SECRET_KEY"}
        return {**ours, **foreign, "ROADWORKS_HOME": str(self.home), "ROADWORKS_ENVIRONMENT": "given"}

    def start(self, *arguments: str) -> float:
        """Returns when it says where it is; the seconds that took."""
        began = time.monotonic()
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                self.command(*arguments), env=self.environ(), cwd=ROOT, stdout=output, stderr=output, start_new_session=True
            )
        while "Roadworks is at" not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() - began < PATIENCE, self.said()
            time.sleep(0.05)
        return time.monotonic() - began

    def end(self) -> None:
        """SIGINT, as Ctrl-C sends it, if it runs; it must end well."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(120) == 0, self.said()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A start that is expected to end by itself."""
        return subprocess.run(
            self.command(*arguments), env=self.environ(), cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    @property
    def guardian(self) -> int:
        assert self.process
        return self.process.pid

    @property
    def supervisor(self) -> int:
        return children_of(self.guardian)[0]

    def child(self, words: str) -> int:
        """The supervisor's child whose command line has these words."""
        for pid in children_of(self.supervisor):
            if words in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                return pid
        return 0

    def left(self) -> list[str]:
        """Every living process that was started for this folder: the environment tells."""
        found, mark = [], b"ROADWORKS_HOME=" + os.fsencode(self.home) + b"\0"
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (path / "environ").read_bytes() + b"\0" and is_alive(int(path.name)):
                    found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
        return found

    def get(self, path: str, port: int = 0) -> int:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port or self.port}{path}", timeout=60) as response:
            return int(response.status)

    def settings(self) -> dict[str, str]:
        return dict(json.loads((self.home / "local.json").read_text()))

    def sql(self, statement: str) -> object:
        with psycopg.connect(self.settings()["DATABASE_URL"], connect_timeout=3) as connection:
            return connection.execute(statement).fetchone()

    def answers(self) -> bool:
        try:
            return self.get("/healthz") == 200 and self.sql("select 1") == (1,)
        except (OSError, psycopg.Error):
            return False


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    home = tmp_path_factory.mktemp("Wartung & Größe") / ("ein sehr langer Ordner " * 5).strip()
    up = Up(home, free_ports(1)[0] // 2 + 10000)
    up.start()
    yield up
    up.end()
    cluster = Cluster.at(home)
    for folder in (cluster.home.parent if cluster.user else cluster.home, cluster.sockets):
        shutil.rmtree(folder, ignore_errors=True)


def test_up_answers_and_keeps_its_secrets(up: Up) -> None:
    assert up.get("/healthz") == up.get("/healthz", up.port + 1) == 200
    assert "DATABASE_URL of your shell: ignored" in up.said()
    for name in ("secret_key", "local.json"):
        assert stat.S_IMODE((up.home / name).stat().st_mode) == 0o600
    assert len(up.settings()["SECRET_KEY"]) >= 50
    assert up.sql("select current_user") == ("roadworks_app",)
    assert up.sql("select count(*) > 10 from pg_tables where schemaname = 'public' and tableowner <> current_user") == (True,)


def test_up_listens_on_loopback_only(up: Up) -> None:
    listening = [line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
    ours = {row[1].split(":")[0] for row in listening if row[3] == "0A" and int(row[1].split(":")[1], 16) in (up.port, up.port + 1)}
    assert ours == {"0100007F"}


def test_up_refuses_a_second_start_on_the_same_data(up: Up) -> None:
    before = sorted(path.name for path in (up.home / "ready").iterdir())
    done = up.run("--port", str(up.port + 50))
    assert done.returncode == 1
    assert sorted(path.name for path in (up.home / "ready").iterdir()) == before, "it cleared up under the one that runs"
    assert f"already running on {up.home}: http://127.0.0.1:{up.port}/" in done.stderr and "Traceback" not in done.stderr


def test_up_names_a_taken_port(up: Up, tmp_path: Path) -> None:
    done = Up(tmp_path / "var", up.port).run()
    assert done.returncode == 1
    assert f"Port {up.port} (web) is taken" in done.stderr and "Traceback" not in done.stderr
    beside = Up(tmp_path / "var", up.port - 1).run()
    assert beside.returncode == 1 and f"Port {up.port} (flags) is taken" in beside.stderr
    kept = tmp_path / "kept" / "flags.json"
    kept.parent.mkdir()
    kept.write_text("{}")
    fresh = Up(kept.parent, up.port).run("--fresh")
    assert fresh.returncode == 1 and f"Port {up.port} (web) is taken" in fresh.stderr and kept.exists(), "a refusal throws nothing away"


@pytest.mark.parametrize("home", ["/proc/roadworks", "file"])
def test_up_names_a_folder_it_cannot_write(up: Up, tmp_path: Path, home: str) -> None:
    (tmp_path / "file").touch()
    done = Up(tmp_path / home, up.port + 50).run()
    assert done.returncode == 1
    assert f"Cannot write to {tmp_path / home}" in done.stderr and "Traceback" not in done.stderr


def test_up_replaces_killed_children(up: Up, eventually: Callable[..., None]) -> None:
    for words in ("postgres -D", "valkey-server", "granian", "portal.flags", "portal.worker"):
        victim = up.child(words)
        assert victim, words
        os.kill(victim, signal.SIGKILL)
        eventually(lambda words=words, victim=victim: up.child(words) not in (0, victim))
    eventually(up.answers)
    assert up.get("/healthz", up.port + 1) == 200
    assert up.said().count("ended (signal SIGKILL)") == 5


def test_up_forks_a_killed_role_again(up: Up, eventually: Callable[..., None]) -> None:
    eventually(lambda: len(children_of(up.child("portal.worker"))) == len(ROLES))
    before = children_of(up.child("portal.worker"))
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: len(now := children_of(up.child("portal.worker"))) == len(ROLES) and before[0] not in now)


def test_up_ends_in_order_and_leaves_nothing(up: Up) -> None:
    assert up.process
    assert len(up.left()) > 8, "the search for leftovers sees nothing"
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(120) == 0
    assert up.left() == []
    said = up.said()
    assert said.index("web        stopped") < said.index("postgres   stopped")


def test_up_starts_again_and_survives_the_supervisors_kill(up: Up, eventually: Callable[..., None]) -> None:
    seconds = up.start()
    print(f"second start: {seconds:.1f} s")
    assert "Preparing the database" not in up.said()
    assert up.process
    os.kill(up.supervisor, signal.SIGKILL)
    assert up.process.wait(120) == 128 + signal.SIGKILL
    assert "The supervisor was killed" in up.said()
    eventually(lambda: not up.left())


def test_up_killed_altogether_starts_at_once(up: Up) -> None:
    up.start()
    key, victims = up.settings()["SECRET_KEY"], [up.child("postgres -D"), up.supervisor, up.guardian]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    assert up.process
    up.process.wait()
    up.start()  # beside the dying rest of the one before
    assert up.answers() and up.settings()["SECRET_KEY"] == key


def test_up_survives_the_guardians_kill(up: Up, eventually: Callable[..., None]) -> None:
    """Ours from the test before: each start costs both cores seconds."""
    assert up.process and up.process.poll() is None
    up.process.kill()
    up.process.wait()
    eventually(lambda: not up.left())


@pytest.mark.parametrize("seed", range(int(os.environ.get("ROADWORKS_START_KILLS", "1"))))
def test_up_killed_in_mid_start_starts_fresh(up: Up, eventually: Callable[..., None], seed: int) -> None:
    """Both watchers at a random instant of a first start: in initdb, in migrate, in the start of the portal."""
    instant = random.Random(seed).uniform(0.3, 5.0)
    up.end()
    with up.output.open("wb") as output:
        half = subprocess.Popen(up.command("--fresh"), env=up.environ(), cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
    eventually(lambda: "Starting PostgreSQL" in up.said())
    time.sleep(instant)  # the instant is the case
    victims = [half.pid, *children_of(half.pid)]
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    assert half.wait() == -signal.SIGKILL and len(victims) == 2
    up.start()
    assert up.sql("select count(*) from catalogue_person") == (0,), f"killed after {instant:.2f} s"
