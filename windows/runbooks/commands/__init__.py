"""Verbs of runbooks: versions are kept, sources in Git are named and pulled."""

from windows.runbooks.commands.versions import digest_of as digest_of
from windows.runbooks.commands.versions import upload_runbook as upload_runbook
