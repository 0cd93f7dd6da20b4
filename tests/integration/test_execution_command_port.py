"""The command port with real programs: what may run, what it is told, and that nothing of it outlives its step."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.measured import again_and_again
from windows.actions.ports import NotAllowed, Stopped, TimedOut
from windows.execution.ports import launcher
from windows.execution.ports.command import Command
from windows.outbound.limits import Limits

SLACK = 30.0  # two seconds are promised; a busy machine takes longer, a hang lasts a minute at least


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def script(folder: Path, name: str, text: str, mode: int = 0o755) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)


def port(folder: Path, seconds: float = 60, stop=lambda: False, lines: list[str] | None = None) -> Command:
    told = {"MAINTENANCE_WINDOW": "MW-1042", "IDEMPOTENCY_KEY": "1:2:forward"}
    return Command(Limits.of(seconds, stop), folder, told, ([] if lines is None else lines).extend)


def running(mark: str) -> list[int]:
    """Processes whose command line holds the mark."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if mark.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def gone(mark: str) -> bool:
    end = time.monotonic() + 30
    while running(mark) and time.monotonic() < end:
        time.sleep(0.02)
    return not running(mark)


def test_it_tells_tags_and_hides_everything_else(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary")
    script(folder, "show", "env; echo to-stderr >&2; exit 3")
    lines: list[str] = []
    ended = port(folder, lines=lines).run("show", [])
    assert ended.code == 3
    assert {"MAINTENANCE_WINDOW=MW-1042", "IDEMPOTENCY_KEY=1:2:forward", "to-stderr"} <= set(lines)
    assert "canary" not in ended.output
    names = {line.partition("=")[0] for line in lines if "=" in line}
    assert names <= {"MAINTENANCE_WINDOW", "IDEMPOTENCY_KEY", "PATH", "LANG", "HOME", "TMPDIR", "PWD", "SHLVL", "OLDPWD", "_", "LC_CTYPE"}


@pytest.mark.parametrize("hostile", ["; id", "$(id)", "`id`", "{{7*7}}", "a\nid", "| id", "&& id", "-rf /", "' ; id '", "%s%n"])
def test_r_s09_arguments_are_arguments(folder: Path, hostile: str) -> None:
    script(folder, "echo-it", 'printf "%s" "$1" > "$HOME/got"; printf "[%s]" "$1"; [ "$#" = 1 ]')
    ended = port(folder).run("echo-it", [hostile])
    assert ended.code == 0
    assert ended.output == f"[{hostile}]\n" or hostile == "a\nid"
    assert "uid=" not in ended.output


@pytest.mark.parametrize(
    "name", ["../outside", "/bin/sh", "missing", ".", "..", "", "sub/inner", "plain", "link", "loose", "a\x00b", "show;id"]
)
def test_r_s09_only_files_of_the_directory(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "commands"
    (inside / "sub").mkdir(parents=True)
    script(tmp_path, "outside", "echo ran")
    script(inside / "sub", "inner", "echo ran")
    script(inside, "plain", "echo ran", mode=0o644)
    script(inside, "loose", "echo ran", mode=0o777)
    (inside / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(NotAllowed):
        port(inside).run(name, [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("term-proof", "trap '' TERM; while :; do sleep 1; done"),
        ("stopped", "kill -STOP $$"),
        ("escaped", 'setsid sh -c \'trap "" TERM; while :; do sleep 1; done\' "$1" & sleep 60'),
        ("stopped-child", "sh -c 'kill -STOP $$' \"$1\" & wait"),
        ("double-fork", "(setsid sh -c 'sleep 60; : ' \"$1\" &) ; sleep 60"),
        ("talking", "trap '' TERM; while :; do echo y; done"),
    ],
)
def test_r_a06_a_program_that_hangs_ends_in_time_with_all_it_started(folder: Path, name: str, text: str) -> None:
    script(folder, name, text)
    mark, began, seen = f"mark-{name}-{os.getpid()}", time.monotonic(), []
    with again_and_again(lambda: seen.extend(running(mark)), rest=0.1), pytest.raises(TimedOut):
        port(folder, seconds=1).run(name, [mark])
    took = time.monotonic() - began
    assert seen, "nothing was running: the fault did not happen"
    assert 0.9 <= took <= 1 + SLACK
    assert gone(mark)


def test_a_program_that_ends_leaves_no_daemon(folder: Path) -> None:
    script(folder, "daemon", 'setsid sh -c "sleep 60; : $1" >/dev/null 2>&1 & echo started')
    mark = f"mark-daemon-{os.getpid()}"
    assert port(folder).run("daemon", [mark]).code == 0
    assert gone(mark)


def test_it_stops_when_told_and_may_clean_up(folder: Path) -> None:
    script(folder, "polite", "trap 'echo cleaning; exit 0' TERM; echo ready; while :; do sleep 0.1; done")
    lines: list[str] = []
    with pytest.raises(Stopped):
        port(folder, stop=lambda: "ready" in lines, lines=lines).run("polite", [])
    assert lines[-1] == "cleaning"


def test_nothing_outlives_a_worker_that_is_killed(folder: Path) -> None:
    """The launcher's pipe breaks with its worker; here the worker is a shell that is killed."""
    script(folder, "long", "setsid sh -c 'sleep 60; : ' \"$1\" & sleep 60")
    mark = f"mark-orphan-{os.getpid()}"
    code = (
        "import subprocess,sys,time\n"
        f"subprocess.Popen([sys.executable,'-I','-S',{launcher.__file__!r},{str(folder / 'long')!r},{mark!r}],"
        "stdin=subprocess.PIPE,start_new_session=True)\ntime.sleep(60)"
    )
    worker = subprocess.Popen([sys.executable, "-c", code])
    end = time.monotonic() + 45
    while len(running(mark)) < 4 and time.monotonic() < end:  # the worker, the launcher, the script, what it started
        time.sleep(0.02)
    assert len(running(mark)) >= 4
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert gone(mark)


def test_output_is_kept_only_so_far(folder: Path) -> None:
    script(folder, "loud", "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; i=$((i+1)); done; echo last")
    lines: list[str] = []
    ended = port(folder, lines=lines).run("loud", [])
    assert lines[-1].startswith("… the rest")
    assert sum(map(len, lines)) <= 64 * 1024
    assert ended.output.endswith("last\n")


def test_control_characters_never_reach_the_log(folder: Path) -> None:
    script(folder, "bell", r"printf 'a\033[31mb\000c\377\r\nrest'")
    assert port(folder).run("bell", []).output == "a�[31mb�c�\nrest\n"


def test_how_it_ended_is_told(folder: Path) -> None:
    script(folder, "dies", "kill -KILL $$")
    script(folder, "seven", "exit 7")
    (folder / "no-interpreter").write_text("#!/no/such\n")
    (folder / "no-interpreter").chmod(0o755)
    assert port(folder).run("dies", []).code == -9
    assert port(folder).run("seven", []).code == 7
    assert port(folder).run("no-interpreter", []).code == 126
