"""Verbs of the flag store, one noun a file. Lock order: flag counter, then audit."""

from windows.flags.commands.leases import expire_leases as expire_leases
from windows.flags.commands.leases import renew_leases_of as renew_leases_of
from windows.flags.commands.nodes import post_receipt as post_receipt
from windows.flags.commands.nodes import register_node as register_node
from windows.flags.commands.nodes import retire_node as retire_node
from windows.flags.commands.setting import clear_flag as clear_flag
from windows.flags.commands.setting import set_flag as set_flag
