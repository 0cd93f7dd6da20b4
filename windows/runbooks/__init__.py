"""Runbooks: maintenance-as-code in YAML; versions are immutable and known by the digest of their content.

Surprising decision: spec.py knows no Django, so a runbook can be checked where there is no database."""
