"""A Git repository as files: cloned shallow and bare into a temporary folder, read, thrown away. Knows no database.

Surprising decision: nothing is ever checked out, so neither a hook, a filter, a symbolic link nor a submodule of theirs can act here.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from windows.errors import Invalid

LONGEST = 30.0  # seconds for one pull
LARGEST = 50 * 1024 * 1024  # bytes on disk of one clone
LARGEST_FILE, MOST_FILES = 256 * 1024, 200
GUARDS = ("core.hooksPath=/dev/null", "protocol.ext.allow=never", "http.followRedirects=false", "transfer.fsckObjects=true")
FILES = ("100644", "100755")  # neither links nor submodules
ENDINGS = (".yaml", ".yml")
TOO_LONG = "The pull took too long and was ended."


class PullFailed(Exception):
    """Why the repository could not be read, in one sentence for people."""


@dataclass(frozen=True, slots=True)
class Found:
    commit: str
    files: tuple[tuple[str, bytes], ...]  # (path, content), by path


def allowed(repository: str, prefixes: Sequence[str]) -> str:
    """The repository as git is told it; Invalid for what RUNBOOK_REPOSITORIES does not name. A local one is an absolute path."""
    if any(c.isspace() or ord(c) < 32 for c in repository) or len(repository) > 500:
        raise Invalid("Write a path or an https address without spaces.", field="repository")
    if repository.startswith("/"):
        place = os.path.realpath(repository)
        if any(Path(place).is_relative_to(os.path.realpath(prefix)) for prefix in prefixes if prefix.startswith("/")):
            return place
    else:
        try:
            parts = urlsplit(repository)
        except ValueError:
            raise Invalid("This is no address.", field="repository")
        if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
            raise Invalid("Write an absolute path, or https://host/path without a user, query or fragment.", field="repository")
        inside = ".." not in parts.path.split("/") and "%" not in parts.path
        if inside and any(f"{repository}/".startswith(f"{prefix.rstrip('/')}/") for prefix in prefixes if prefix.startswith("https://")):
            return repository
    known = ", ".join(prefixes) or "none"
    raise Invalid(f"{repository} is not allowed here. RUNBOOK_REPOSITORIES names: {known}.", field="repository")


def pull(repository: str, branch: str = "", folder: str = "", *, longest: float = LONGEST, largest: int = LARGEST) -> Found:
    """The YAML files under the folder at the branch's newest commit. Raises PullFailed.

    `repository` comes from `allowed`, and is asked again on each pull: a path can have become a link since.
    """
    with tempfile.TemporaryDirectory(prefix="roadworks-git-", ignore_cleanup_errors=True) as home:
        here = Git(Path(home), time.monotonic() + longest, largest)
        local = repository.startswith("/")
        own = [repository, f"{repository}/.git"] if local else []
        # a clone's other end forgets `-c`: only a global file makes a repository of another user readable
        here.config.write_text("".join(f"[safe]\n\tdirectory = {place}\n" for place in own))
        at = ["--branch", branch] if branch else []
        here.run("clone", "--bare", "--depth=1", "--single-branch", "--no-tags", "--no-recurse-submodules", "--template=", *at, "--",
                 f"file://{repository}" if local else repository, str(here.clone))  # fmt: skip
        commit = here.run("-C", str(here.clone), "rev-parse", "--verify", "HEAD^{commit}").decode().strip()
        return Found(commit, tuple(here.files(commit, folder.strip("/"))))


@dataclass(frozen=True, slots=True)
class Git:
    home: Path
    until: float  # by the monotonic clock
    largest: int

    @property
    def config(self) -> Path:
        return self.home / "config"

    @property
    def clone(self) -> Path:
        return self.home / "clone"

    def files(self, commit: str, folder: str) -> Iterator[tuple[str, bytes]]:
        inside = ["--", f"{folder}/"] if folder else []
        listing = self.run("-C", str(self.clone), "--literal-pathspecs", "ls-tree", "-r", "-z", "-l", "--full-tree", commit, *inside)
        rows = [row.decode(errors="replace").split("\t", 1) for row in listing.split(b"\0") if row]
        wanted = [(facts.split(), path) for facts, path in rows if path.endswith(ENDINGS) and facts.split()[0] in FILES]
        if len(wanted) > MOST_FILES:
            raise PullFailed(f"{len(wanted)} YAML files lie there, {MOST_FILES} are the most: name a folder.")
        for (_, _, name, size), path in wanted:
            if int(size) > LARGEST_FILE:
                raise PullFailed(f"{path} is longer than {LARGEST_FILE // 1024} KiB.")
            yield path, self.run("-C", str(self.clone), "cat-file", "blob", name)

    def run(self, *words: str) -> bytes:
        """One git command, whose whole process group ends with it, with time or with too large a clone."""
        if time.monotonic() > self.until:
            raise PullFailed(TOO_LONG)
        told = [part for guard in GUARDS for part in ("-c", guard)]
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(self.home), "LC_ALL": "C.UTF-8", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self.config), "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "/bin/false",
            "GIT_ALLOW_PROTOCOL": "file:https", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0",
        }  # fmt: skip
        out, err = self.home / "out", self.home / "err"
        with out.open("wb") as output, err.open("wb") as errors:
            try:
                child = subprocess.Popen(
                    ["git", *told, *words],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=errors,
                    env=environment,
                    cwd=self.home,
                    start_new_session=True,
                )
            except FileNotFoundError:
                raise PullFailed("There is no git on this machine: install it.")
            try:
                self.follow(child)
            finally:
                if child.poll() is None:
                    os.killpg(child.pid, signal.SIGKILL)
                    child.wait()
        if child.returncode:
            said = err.read_text(errors="replace").strip().splitlines() or ["no reason given"]
            fatal = next((line for line in said if line.startswith("fatal:")), said[-1])
            raise PullFailed(f"git: {fatal.removeprefix('fatal: ')[:500]}")
        return out.read_bytes()

    def follow(self, child: subprocess.Popen[bytes]) -> None:
        while True:
            try:
                child.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                pass
            if size_of(self.home) > self.largest:
                raise PullFailed(f"The clone is larger than {self.largest // 1024} KiB.")
            if child.returncode is not None:
                return
            if time.monotonic() > self.until:
                raise PullFailed(TOO_LONG)


def size_of(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(place, name).lstat().st_size
            except OSError:
                pass  # git has just moved it
    return total
