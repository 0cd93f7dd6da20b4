"""First stage of manage.py: make `.venv` match requirements.lock, then continue inside it."""

import fcntl
import hashlib
import importlib.util
import json
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
LOCK = ROOT / "requirements.lock"
GATE = ROOT / ".venv.lock"  # held while building
USED = ROOT / ".venv.used"  # shared by every running `up`
LOCAL = "local.json"  # in STATE: the settings of the portal that `up` runs there


def enter_environment() -> None:
    """Return when this process runs in an up-to-date `.venv`; otherwise build it and re-execute."""
    if os.environ.get("ROADWORKS_ENVIRONMENT") == "given":  # production image: packages are already there
        return
    if Path(sys.prefix) == VENV and is_current():
        return
    if os.environ.pop("ROADWORKS_REENTERED", None):
        sys.exit(f"{VENV} was built but Python did not start inside it; remove that directory and try again.")
    if not is_current():
        build()
    # pip's and virtualenv's variables of the outer interpreter must not leak into the new one.
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "__PYVENV_LAUNCHER__")}
    os.execve(PYTHON, [str(PYTHON), *sys.argv], {**environ, "ROADWORKS_REENTERED": "1", "VIRTUAL_ENV": str(VENV)})


def wanted() -> str:
    """What the stamp must say: which packages for which interpreter."""
    try:
        locked = LOCK.read_bytes()
    except OSError as error:
        sys.exit(f"Cannot read {LOCK}: {error.strerror}. It belongs to Roadworks; is this a whole checkout?")
    interpreter = f"{sys.version_info[:2]} {os.uname().machine}".encode()
    return hashlib.sha256(locked + interpreter).hexdigest()


def is_current() -> bool:
    try:
        return PYTHON.exists() and STAMP.read_text() == wanted()
    except OSError:
        return False


def build() -> None:
    """Under a lock: two starts at once build once. The stamp is written last: half-built ones are built again."""
    try:
        gate, used = GATE.open("a"), USED.open("a")
    except OSError as error:
        sys.exit(f"Cannot write to {ROOT}: {error.strerror}. Roadworks installs its packages into .venv there.")
    with gate, used:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if is_current():
            return
        try:
            fcntl.flock(used, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit("requirements.lock has changed, but `manage.py up` still runs on the old packages. Stop it first.")
        if importlib.util.find_spec("pip") is None:
            sys.exit(f"{sys.executable} has no pip, which installs the locked packages. On Debian: apt install python3-pip")
        print("Installing the locked packages into .venv …", file=sys.stderr, flush=True)
        STAMP.unlink(missing_ok=True)
        if not run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV):
            sys.exit(f"Could not make {VENV} (the message is above).")
        install()
        STAMP.write_text(wanted())


def install() -> None:
    """By uv where it can, which is ten times as fast; else by pip. uv knows its own certificates, then the system's; only
    pip's complaint is shown, because only pip's is the last word."""
    pip = [sys.executable, "-m", "pip", "--python", PYTHON, "--disable-pip-version-check", "install", "-q", "--no-deps", "--require-hashes"]
    if run(*pip, "-r", only("uv"), quiet=True):
        uv = shutil.which("uv", path=str(VENV / "bin"))
        sync = [uv, "pip", "sync", "-q", "--python", PYTHON, "--require-hashes", LOCK]
        if uv and (run(*sync, quiet=True) or run(*sync, "--system-certs", quiet=True)):
            return
    if not run(*pip, "-r", LOCK):
        sys.exit("Could not install the locked packages (pip's message is above); is there a network, or an index for pip?")


def only(package: str) -> Path:
    """The lines of the lock about one package, as a file of their own: even the installer is pinned with its hashes."""
    path = VENV / f"{package}.lock"
    path.write_text(locked_lines(LOCK.read_text(), package))
    return path


def locked_lines(lock: str, package: str) -> str:
    """`package==1.0 \\` and the indented lines after it; the empty text where the lock does not name it."""
    taken: list[str] = []
    inside = False
    for line in lock.splitlines():
        if not line.startswith((" ", "#")):
            inside = line.partition("==")[0].strip() == package
        if inside and not line.lstrip().startswith("#"):
            taken.append(line)
    return "\n".join(taken) + "\n" if taken else ""


def run(*command: object, quiet: bool = False) -> bool:
    return subprocess.run([str(part) for part in command], capture_output=quiet).returncode == 0


def use_local_settings() -> None:
    """Where nothing is configured and `up` has run here, take its settings: `manage.py shell` finds the local portal."""
    if "DATABASE_URL" in os.environ or "ROADWORKS_LOCAL" in os.environ:
        return
    try:
        settings = json.loads((STATE / LOCAL).read_text())
    except (OSError, ValueError):
        return
    for name, value in settings.items():
        os.environ.setdefault(name, value)
