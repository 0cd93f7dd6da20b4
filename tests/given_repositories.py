"""Real Git repositories for tests of runbooks that are kept in them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

TEXT = """runbook: pause
title: Pause
layers: [L3]
rollback_reserve: 1m
steps:
  - name: Wait a little
    wait: {duration: 10s}
"""
needs_git = pytest.mark.skipif(not shutil.which("git"), reason="needs Debian's package git")


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "protocol.file.allow=always", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder: Path) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    return folder


def commit(folder: Path, files: dict[str, str | None]) -> str:
    """The commit's name; a text of None removes the file."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink() if text is None else path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "change")
    return git(folder, "rev-parse", "HEAD")
