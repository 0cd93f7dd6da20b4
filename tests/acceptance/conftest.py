"""Fixtures of the stories."""

from tests.given_calls import company, ledger

__all__ = ["company", "ledger"]
