"""The edge agent where nginx does not do as it is told: the files in force are those of before."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from windows.flags.client import Reading
from windows.flags.edge import nginx
from windows.flags.edge.configuration import CannotApply, Edge

HANGS = subprocess.TimeoutExpired("nginx", 10)


@pytest.mark.parametrize(
    ("test", "reload", "says"),
    [
        (0, 1, "nginx was not reloaded: gone"),
        (0, HANGS, "nginx was not reloaded: .*timed out"),
        (1, 0, "nginx refuses version 8: gone"),
        (HANGS, 0, "nginx refuses version 8: .*timed out"),
        (FileNotFoundError("No such file"), 0, "nginx refuses version 8: No such file"),
    ],
)
def test_what_was_not_brought_into_force_waits_for_no_other_reload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, test: int | Exception, reload: int | Exception, says: str
) -> None:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        answer = test if "-t" in command else reload
        if isinstance(answer, Exception):
            raise answer
        return subprocess.CompletedProcess(command, answer, "", "gone")

    agent = nginx.Nginx(Edge("orders"), tmp_path / "edge", ["nginx"], probe="http://127.0.0.1:9", pid=tmp_path / "pid")
    before = os.readlink(tmp_path / "edge" / "current")
    monkeypatch.setattr(nginx.subprocess, "run", run)
    with pytest.raises(CannotApply, match=says):
        agent(Reading("offline", 8, {"mode": "offline"}, "current", "e1"))
    assert os.readlink(tmp_path / "edge" / "current") == before
