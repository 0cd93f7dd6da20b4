"""The first stage: platforms it refuses, the lock file it reads, ports it checks, and that it needs no package."""

import ast
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from portal.bootstrap import environment, ports, support
from portal.bootstrap.processes import Failed

ROOT = Path(__file__).resolve().parents[2]
GOOD = ((3, 11), "linux", "x86_64", "glibc")


@pytest.mark.parametrize(
    ("version", "system", "machine", "libc", "says"),
    [
        (*GOOD, ""),
        ((3, 14), "linux", "aarch64", "glibc", ""),
        ((3, 12), "darwin", "arm64", "", ""),
        ((3, 10), "linux", "x86_64", "glibc", "Python 3.11"),
        ((3, 12), "win32", "AMD64", "", "WSL"),
        ((3, 12), "linux", "x86_64", "", "musl"),
        ((3, 12), "linux", "riscv64", "glibc", "riscv64"),
    ],
)
def test_unsupported_platforms_are_refused_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int], system: str, machine: str, libc: str, says: str
) -> None:
    monkeypatch.delenv("ROADWORKS_ENVIRONMENT", raising=False)
    reason = support.why_not(version, system, machine, libc)
    assert says in reason and bool(reason) == bool(says)


def test_this_machine_is_supported() -> None:
    assert support.why_not(sys.version_info[:2], sys.platform, support.machine(), support.libc()) == ""


@pytest.mark.parametrize("path", ["manage.py", "portal/__init__.py", "portal/bootstrap/__init__.py", "portal/bootstrap/support.py"])
def test_an_old_python_can_read_the_refusal(path: str) -> None:
    ast.parse((ROOT / path).read_text(), feature_version=(3, 6))


def test_bootstrap_runs_under_the_bare_interpreter() -> None:
    names = [
        f"portal.bootstrap.{path.stem}" for path in (ROOT / "portal" / "bootstrap").glob("*.py") if path.stem not in ("__init__", "testing")
    ]
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n" + "\n".join(f"import {name}" for name in sorted(names))
    code += "\nprint(*sorted(m for m in sys.modules if m.split('.')[0] in ('django', 'celery', 'psycopg', 'pytest')))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")


def test_bootstrap_imports_only_the_standard_library() -> None:
    allowed = sys.stdlib_module_names | {"portal"}
    for path in (ROOT / "portal" / "bootstrap").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = (
                [a.name for a in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                assert name.split(".")[0] in allowed, f"{path.name} imports {name}"
                assert not name.startswith("portal") or name.startswith("portal.bootstrap"), f"{path.name} imports {name}"


LOCK = """\
# a comment
uv==1.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via -r requirements.in
uvicorn==2.0 ; sys_platform == 'linux' \\
    --hash=sha256:cc
"""


def test_the_lines_of_one_package() -> None:
    assert environment.locked_lines(LOCK, "uv") == "uv==1.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\n"
    assert environment.locked_lines(LOCK, "absent") == ""


def test_r_s26_every_locked_package_has_hashes_and_no_line_names_a_host() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith((" ", "#"))]
    assert len(packages) > 50
    for line in packages:
        assert "==" in line and line.endswith("\\"), line
    for name in ("requirements.lock", "requirements.in"):
        assert "://" not in (ROOT / name).read_text() and "index-url" not in (ROOT / name).read_text()


def test_the_stamp_follows_the_lock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lock, stamp, python = tmp_path / "requirements.lock", tmp_path / "stamp", tmp_path / "python"
    for name, path in (("LOCK", lock), ("STAMP", stamp), ("PYTHON", python)):
        monkeypatch.setattr(environment, name, path)
    lock.write_text(LOCK)
    python.touch()
    assert not environment.is_current()
    stamp.write_text(environment.wanted())
    assert environment.is_current()
    lock.write_text(LOCK + "\n")
    assert not environment.is_current()


def test_local_settings_fill_an_empty_shell_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / environment.LOCAL).write_text('{"DATABASE_URL": "postgresql://local", "PORTAL_URL": "http://127.0.0.1:1"}')
    monkeypatch.setattr(environment, "STATE", tmp_path)
    before = dict(os.environ)
    environment.use_local_settings()
    assert dict(os.environ) == before, "DATABASE_URL was there: nothing may be taken over"
    for name in ("DATABASE_URL", "ROADWORKS_LOCAL", "PORTAL_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PORTAL_URL", "mine")
    environment.use_local_settings()
    assert (os.environ.pop("DATABASE_URL"), os.environ["PORTAL_URL"]) == ("postgresql://local", "mine")


def test_a_taken_port_is_named_with_its_use() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(Failed, match=rf"Port {port} \(flags\) is taken.*--port 8100"):
            ports.check_free(port, "flags", 8000)
    ports.check_free(port, "flags", 8000)


def test_ci_installs_every_package_a_test_may_skip_for() -> None:
    named = re.findall(r"needs the Debian package ([a-z0-9.-]+)", "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py")))
    named += re.findall(r'needed\("[^"]+", "([^"]+)"\)', (ROOT / "tests" / "servers.py").read_text())
    installed = re.search(r"^packages=\((.*)\)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert installed and len(set(named)) > 4, "the scan sees nothing"
    assert set(named) <= set(installed[1].split())


@pytest.mark.parametrize(("told", "outcome"), [("1", "failed"), ("", "skipped")])
def test_a_skip_counts_as_a_failure_where_every_program_is_installed(monkeypatch: pytest.MonkeyPatch, told: str, outcome: str) -> None:
    from tests.conftest import pytest_runtest_makereport

    monkeypatch.setenv("ROADWORKS_NO_SKIPS", told)
    report = pytest.TestReport("a", ("a.py", 1, "a"), {}, "skipped", "needs the Debian package khal", "call")
    hook = pytest_runtest_makereport(None, None)  # type: ignore[arg-type]
    next(hook)
    with pytest.raises(StopIteration) as ended:
        hook.send(report)
    assert ended.value.value.outcome == outcome
    assert "khal" in str(ended.value.value.longrepr)
