"""One row per scope of an open window, as plain values; written by execution in the step's own transaction.

Surprising decision: everything below execution reads this table and never asks execution."""
