"""Runs one program so that nothing of it outlives its step. A program of its own: `python -I -S launcher.py PROGRAM ARGUMENT…`.

It stands between worker and program as a child subreaper: every descendant, even one that made a session of its own, comes back to
it. Standard input is a pipe the worker holds. A byte on it asks to end: TERM to the program's group, and after so many tenths of a
second KILL to every descendant. Its end without a byte means that the worker died: KILL at once. The launcher ends as the program
ended (same code or signal), once every descendant is gone.
"""

import ctypes
import os
import select
import signal
import sys
import time
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
prctl = ctypes.CDLL(None, use_errno=True).prctl
ended: dict[int, int] = {}  # wait status of every child that was collected, by pid


def start(program: list[str]) -> int:
    """Fork and execute; answers the child's pid, which is its group's and session's too."""
    launcher = os.getpid()
    if child := os.fork():
        return child
    try:
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != launcher:  # it died before the line above
            os._exit(127)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number in (signal.SIGTERM, signal.SIGPIPE, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.execv(program[0], program)  # noqa: S606 — no shell is the point
    except OSError as error:
        os.write(2, f"{program[0]} cannot be run: {error.strerror}\n".encode())
    finally:
        os._exit(126)


def children() -> list[int]:
    """Our direct children that still run; /proc/<pid>/task/<tid>/children may be incomplete, so every process is asked."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid() and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def collect() -> None:
    """Reap whatever has ended."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        ended[pid] = status


def kill_everything() -> None:
    """KILL the children; their orphans become ours, so again until none is left (or five seconds have passed: a fork bomb)."""
    end = time.monotonic() + 5
    while (running := children()) and time.monotonic() < end:
        for pid in running:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)
        collect()


def main(program: list[str]) -> None:
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # only the pipe gives orders
    awake, alarm = os.pipe()
    os.set_blocking(alarm, False)
    signal.set_wakeup_fd(alarm)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    child, kill_at, listening = start(program), float("inf"), [0, awake]
    while child not in ended:
        ready = select.select(listening, [], [], min(1.0, max(0.0, kill_at - time.monotonic())))[0]
        if awake in ready:
            os.read(awake, 512)
        if 0 in ready:
            asked = os.read(0, 1)
            listening.remove(0)
            kill_at = time.monotonic() + (asked[0] / 10 if asked else 0.0)
            if asked and child not in ended:
                os.killpg(child, signal.SIGTERM)
                os.killpg(child, signal.SIGCONT)  # a stopped process hears TERM only when it goes on
        if time.monotonic() >= kill_at:
            kill_everything()
        collect()
    kill_everything()
    if os.WIFSIGNALED(ended[child]):
        number = os.WTERMSIG(ended[child])
        signal.signal(number, signal.SIG_DFL) if number != signal.SIGKILL else None
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(ended[child]) & 255)


if __name__ == "__main__":
    main(sys.argv[1:])
