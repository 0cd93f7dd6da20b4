"""The command port: a program of the allow-listed directory under our launcher, its output into the step's log."""

from __future__ import annotations

import os
import select
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from windows.actions.ports import Exit, NotAllowed, Stopped, TimedOut
from windows.execution.ports import launcher
from windows.outbound.limits import SLICE, Limits

LONGEST_LOG, LONGEST_LINE, TAIL = 64 * 1024, 2000, 4000  # bytes and characters
AFTER_TIMEOUT, AFTER_STOP = 1.0, 5.0  # seconds between TERM and KILL: a timeout has been fair warning
OFTEN = 0.5  # seconds: a loud program's lines go into the log together
STUCK = 2.0  # seconds after KILL until the launcher itself is killed


Login = Callable[[str], tuple[dict[str, str], str]]  # credential → libpq's variables without its password, and the password


class Command:
    """One per call of an action. `environment` are the tags, key and fence every program is told; `login` knows the window's own
    credentials."""

    def __init__(
        self,
        limits: Limits,
        directory: Path | None,
        environment: Mapping[str, str],
        log: Callable[[list[str]], None],
        login: Login | None = None,
    ) -> None:
        self.limits, self.directory, self.environment, self.log, self.login = limits, directory, dict(environment), log, login

    def run(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        timeout: float | None = None,
        credential: str = "",
    ) -> Exit:
        limits = self.limits.within(timeout)
        limits.check(name)
        program = self.program(name)
        if credential and self.login is None:
            raise NotAllowed("No credential can be used here.")
        role, secret = self.login(credential) if credential and self.login else ({}, "")
        with tempfile.TemporaryDirectory(prefix="roadworks-command-", ignore_cleanup_errors=True) as folder:
            own = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder, "TMPDIR": folder}
            if secret:
                role["PGPASSFILE"] = password_file(folder, secret)
            told = own | dict(environment or {}) | role | self.environment
            with started([str(program), *arguments], folder, told) as child:
                output = Output(self.log, secret)
                self.follow(child, output, name, limits)
        return Exit(child.returncode, output.finish())

    def program(self, name: str) -> Path:
        """The file itself; NotAllowed for anything but an executable file that lies in the directory and only its owners may change."""
        if self.directory is None:
            raise NotAllowed("No command may run here: COMMANDS_DIR names no folder.")
        try:
            folder = self.directory.resolve(strict=True)
            path = (folder / name).resolve(strict=True)
            mode = path.stat().st_mode
        except (OSError, ValueError):
            raise NotAllowed(f"There is no command {name!r:.120} in the commands directory.")
        if Path(name).name != name or path.parent != folder or not stat.S_ISREG(mode) or not os.access(path, os.X_OK):
            raise NotAllowed(f"{name!r:.120} is not an executable file of the commands directory.")
        if mode & stat.S_IWOTH:
            raise NotAllowed(f"Everybody may write {name}: it is not run.")
        return path

    def follow(self, child: subprocess.Popen[bytes], output: Output, name: str, limits: Limits) -> None:
        """Read until it ends; raises TimedOut or Stopped once nothing of it runs any more."""
        while child.poll() is None:
            try:
                output.read(child, limits.check(name))
            except (TimedOut, Stopped) as why:
                end(child, output, AFTER_TIMEOUT if isinstance(why, TimedOut) else AFTER_STOP)
                output.finish()
                raise
        output.drain(child)


def password_file(folder: str, secret: str) -> str:
    """Where libpq looks for it. Not in the environment: that is handed on to everything the program starts, and may be printed."""
    path = Path(folder, ".pgpass")
    path.touch(0o600)
    path.write_text(f"*:*:*:*:{secret}\n")
    return str(path)


@contextmanager
def started(program: list[str], folder: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The launcher with the program under it; whatever happens, neither outlives the block."""
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", launcher.__file__, *program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=environment,
        start_new_session=True,
        bufsize=0,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.kill()  # the program dies with it (PDEATHSIG)
            child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def end(child: subprocess.Popen[bytes], output: Output, grace: float) -> None:
    """TERM, after `grace` KILL; returns when the launcher has ended."""
    assert child.stdin
    try:
        child.stdin.write(bytes([round(grace * 10)]))
    except BrokenPipeError:
        pass  # it has just ended by itself
    given_up = time.monotonic() + grace + STUCK
    while child.poll() is None and time.monotonic() < given_up:
        output.read(child, SLICE)


class Output:
    """Both streams as lines for the log, up to a limit, and the last few thousand characters; `secret` is blotted out."""

    def __init__(self, log: Callable[[list[str]], None], secret: str = "") -> None:
        self.log, self.left, self.partial, self.tail, self.secret = log, LONGEST_LOG, b"", "", secret
        self.kept: list[str] = []  # lines that are not in the log yet
        self.kept_since = 0.0

    def read(self, child: subprocess.Popen[bytes], seconds: float) -> bool:
        """Wait so long for output; False where there was none."""
        assert child.stdout
        if not select.select([child.stdout], [], [], seconds)[0]:
            self.flush()
            return False
        chunk = os.read(child.stdout.fileno(), 65536)
        if not chunk:
            time.sleep(min(seconds, 0.02))  # it closed its output and still runs
        *lines, self.partial = (self.partial + chunk).split(b"\n")
        for line in lines:
            self.say(line)
        if len(self.partial) > LONGEST_LINE:
            self.say(self.partial)
            self.partial = b""
        if time.monotonic() - self.kept_since > OFTEN:
            self.flush()
        return bool(chunk)

    def drain(self, child: subprocess.Popen[bytes]) -> None:
        while self.read(child, 0):
            pass

    def say(self, line: bytes) -> None:
        said = line.decode(errors="replace").rstrip("\r")
        said = said.replace(self.secret, "•••") if self.secret else said
        text = "".join(c if c.isprintable() or c == "\t" else "�" for c in said)[:LONGEST_LINE]
        self.tail = f"{self.tail}{text}\n"[-TAIL:]
        if self.left <= 0:
            return
        self.left -= len(line) + 1
        self.kept.append(text if self.left > 0 else "… the rest of the output is not kept.")

    def flush(self) -> None:
        self.kept_since, lines, self.kept = time.monotonic(), self.kept, []
        if lines:
            self.log(lines)

    def finish(self) -> str:
        if self.partial:
            self.say(self.partial)
            self.partial = b""
        self.flush()
        return self.tail
