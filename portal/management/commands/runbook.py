"""`manage.py runbook check FILE…` judges texts as the API and the page do; `… schema` writes the JSON Schema for editors."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from windows.runbooks.spec.checking import judged, line_of
from windows.runbooks.spec.schema import schema


class Command(BaseCommand):
    help = "Runbooks without a database: check texts, write the JSON Schema."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        check = acts.add_parser("check", help="ends with 1 where a text is wrong, with 2 where a file cannot be read")
        check.add_argument("files", nargs="+", metavar="FILE", help="a YAML file, or - for standard input")
        acts.add_parser("schema", help="write the JSON Schema that editors check texts with")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["act"] == "schema":
            self.stdout.write(json.dumps(schema(), indent=1))
            return
        codes = [self.check_file(name) for name in options["files"]]
        if any(codes):
            wrong = sum(map(bool, codes))
            raise CommandError(f"{wrong} of {len(codes)} files {'is' if wrong == 1 else 'are'} not in order.", returncode=max(codes))

    def check_file(self, name: str) -> int:
        try:
            text = (sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()).decode("utf-8-sig").replace("\r\n", "\n")
        except (OSError, UnicodeDecodeError) as error:
            self.stdout.write(f"{name}:1:1: This file cannot be read: {error}")
            return 2
        problems, warnings = judged(text)
        for problem in problems:
            self.stdout.write(line_of(name, problem))
        for warning in warnings:
            self.stdout.write(line_of(name, warning, "warning: "))
        return int(bool(problems))
