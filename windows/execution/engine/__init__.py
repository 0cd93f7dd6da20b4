"""The thin shell around saga.decide, five beats: intend and commit, act outside any transaction, conclude, sleep.

loop (own a run and carry it on), turns (the one transaction between two acts), results (what an outcome makes of a step), acting
(call the kind), heartbeat (keep the lease, hear of holds, end what hangs).
"""
