"""The security rules of the linter (Bandit's) find nothing in what is shipped, and would (R-S27)."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUFF = shutil.which("ruff", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin")
SEEDED = """
import hashlib, pickle, subprocess, yaml

def seeded(request, cursor):
    pickle.loads(request.body)
    yaml.load(request.body, Loader=yaml.Loader)
    subprocess.run(request.GET["x"], shell=True)
    cursor.execute("select * from t where n = '%s'" % request.GET["n"])
    eval(request.GET["e"])
    password = "hunter2hunter2"
    return hashlib.md5(password.encode())
"""


def findings(*where: str, text: str = "") -> set[str]:
    assert RUFF, "ruff stands in requirements.lock"
    told = [RUFF, "check", "--select", "S", "--ignore", "S101,S603,S607", "--no-cache", "--output-format", "json", *where]
    said = subprocess.run(told, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
    return {f"{each['code']} {each['filename']}:{each['location']['row']}" for each in json.loads(said.stdout)}


@pytest.mark.skipif(RUFF is None, reason="needs ruff, which requirements.lock names")
def test_r_s27_static_analysis_finds_nothing_and_would() -> None:
    bitten = {found.split()[0] for found in findings("-", "--stdin-filename", "windows/seeded.py", text=SEEDED)}
    assert bitten >= {"S301", "S506", "S602", "S608", "S307", "S105", "S324"}, bitten
    assert findings("portal", "windows", "slo", "manage.py") == set()
