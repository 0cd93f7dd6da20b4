"""Verbs of calendars in: take what arrived, keep sources, say which of our services a provider's objects are."""
