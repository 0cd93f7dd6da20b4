"""Incidents and complaints on the wire."""
