"""Where measurements come from: one module a source, discovered by registry.py, which also states what a source must offer.

Surprising decision: a source never raises for what the other side answers; a Reading says why there is nothing."""
