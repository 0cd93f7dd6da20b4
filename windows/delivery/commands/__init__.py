"""Verbs of the outbox: queue messages, reach people and their team's channels, send what is due, configure channels."""

from windows.delivery.commands.outbox import send_due as send_due
from windows.delivery.commands.queueing import queue as queue
from windows.delivery.commands.reaching import Saying as Saying
from windows.delivery.commands.reaching import Words as Words
from windows.delivery.commands.reaching import reach as reach
