"""The audit trail: append-only entries, written in the transaction of the act they tell of.

Surprising decision: entries hold values, not foreign keys, and a single sealer chains them in commit order afterwards."""
