"""Objectives: a promise about an SLI (good ÷ total) over a window of time, its error budget and burn rates.

Surprising decision: an objective names its service by slug only; who may define one is decided in windows.catalogue."""
