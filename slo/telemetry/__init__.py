"""Measurements: good and total per minute for a series (an objective's slug), and the sources that yield them.

Surprising decision: running sums are stored beside each minute, so that a budget over any range costs a few rows."""
