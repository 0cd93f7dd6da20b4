"""Incidents and complaints as pages."""
