"""First stage of manage.py: make `.venv` match requirements.lock, then continue inside it."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STATE = Path(os.environ.get("ROADWORKS_HOME") or ROOT / "var").absolute()  # data, sockets, logs: all that a run leaves behind
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "lock.sha256"


def enter_environment() -> None:
    """Return when this process runs in an up-to-date `.venv`; otherwise build it and re-execute."""
    if sys.version_info < (3, 11):
        sys.exit(f"Roadworks needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")
    if os.environ.get("ROADWORKS_ENVIRONMENT") == "given":  # production image: packages are already there
        return
    inside = Path(sys.prefix) == VENV
    if inside and is_current():
        return
    if os.environ.pop("ROADWORKS_REENTERED", None):
        sys.exit(f"{VENV} was built but Python did not start inside it; remove that directory and try again.")
    if not is_current():
        build()
    # pip's and virtualenv's variables of the outer interpreter must not leak into the new one.
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "__PYVENV_LAUNCHER__")}
    os.execve(PYTHON, [str(PYTHON), *sys.argv], {**environ, "ROADWORKS_REENTERED": "1", "VIRTUAL_ENV": str(VENV)})


def wanted() -> str:
    interpreter = f"{sys.version_info[:2]} {os.uname().machine}".encode()
    return hashlib.sha256((ROOT / "requirements.lock").read_bytes() + interpreter).hexdigest()


def is_current() -> bool:
    try:
        return PYTHON.exists() and STAMP.read_text() == wanted()
    except OSError:
        return False


def build() -> None:
    """Under a lock: two starts at once build once. The stamp is written last: half-built ones are built again."""
    try:
        gate = open(ROOT / ".venv.lock", "w")
    except OSError as error:
        sys.exit(f"Cannot write to {ROOT}: {error.strerror}. Roadworks keeps its environment and data there.")
    with gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if is_current():
            return
        print("Installing the locked packages into .venv …", file=sys.stderr, flush=True)
        STAMP.unlink(missing_ok=True)
        run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV)
        outer_pip = [sys.executable, "-m", "pip", "--python", PYTHON, "--disable-pip-version-check"]
        lock = ROOT / "requirements.lock"
        if run(*outer_pip, "install", "-q", "--no-deps", "uv", check=False):
            uv = shutil.which("uv", path=str(VENV / "bin"))
            failed = not uv or not run(uv, "pip", "sync", "-q", "--python", PYTHON, "--require-hashes", lock, check=False)
        else:
            failed = True
        if failed:  # no uv for this platform, or uv cannot see the index that pip is configured for
            run(*outer_pip, "install", "-q", "--no-deps", "--require-hashes", "-r", lock)
        STAMP.write_text(wanted())


def run(*command: object, check: bool = True) -> bool:
    done = subprocess.run([str(part) for part in command])
    if check and done.returncode:
        sys.exit(f"Could not prepare .venv: {command[0]} ended with {done.returncode} (its message is above).")
    return done.returncode == 0
