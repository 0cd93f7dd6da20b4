"""Keeps the board current: LISTEN, and a watchdog that asks each second in case a notification was lost."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import psycopg

from windows.flags.routing import FlagKey, FlagRow
from windows.flags.server.board import Board
from windows.flags.server.snapshot import Snapshot
from windows.flags.server.tags import LiveTag

CHANNEL = "flags_changed"
WATCHDOG = 1.0  # seconds
PATIENCE = 3.0  # seconds a question may take: a connection whose other end vanished never answers (psycopg then takes 5 s to give up)
HEAD = "select version, nodes_version, epoch from flags_flagcounter where id = 1"
ROWS = """
select c.version, c.nodes_version, c.epoch,
    f.target, f.environment, f.region, f.layer, f.component, f.mode, f.global_version, f.version,
    case when f.confidential then '' else f."window" end, f.payload, v.echo
from (select 1) one left join flags_flagcounter c on c.id = 1
left join flags_flag f on f.version > 0 left join flags_flagversion v on v.global_version = f.global_version
"""  # one statement, so one snapshot: rows and version belong together
LIVE = """
select "window", owner, step, service, environment, region, layer from live_livescope where not confidential order by since, run_id, id
"""  # opening and closing move no version: they are seen within a second
NODES = "select digest from flags_node where retired_at is null"


async def follow(board: Board, dsn: str) -> None:
    """For ever; the database may come and go."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                dsn, autocommit=True, connect_timeout=3, application_name="roadworks flags"
            ) as db:
                await db.execute(f"LISTEN {CHANNEL}")  # before the first read, so that nothing falls between
                told = ""
                while True:
                    await asyncio.wait_for(look(db, board, told), PATIENCE)
                    told = ""
                    async for notice in db.notifies(timeout=WATCHDOG, stop_after=1):
                        told = notice.payload
        except (psycopg.Error, OSError, TimeoutError):
            await asyncio.sleep(0.3 + random.random() * 0.4)  # noqa: S311


async def look(db: psycopg.AsyncConnection[Any], board: Board, told: str = "") -> None:
    """Two small questions, unless a notification told of a newer version; everything is read once per change, however many wait."""
    live = tuple([LiveTag(*row) for row in await (await db.execute(LIVE)).fetchall()])
    shown = board.snapshot
    if shown is not None and not (told.isdigit() and int(told) > shown.version):
        head = await (await db.execute(HEAD)).fetchone() or (0, 0, "")
        if (head, live) == ((shown.version, shown.nodes_version, shown.epoch), shown.live):
            board.confirm()
            return
    rows = await (await db.execute(ROWS)).fetchall()
    version, nodes_version, epoch = rows[0][:3]
    nodes = shown.nodes if shown and (shown.epoch, shown.nodes_version) == (epoch, nodes_version) else await tokens(db)
    flags = tuple(FlagRow(FlagKey(*row[3:8]), *row[8:14]) for row in rows if row[3] is not None)
    board.show(Snapshot(epoch or "", version or 0, flags, nodes_version or 0, nodes, live))


async def tokens(db: psycopg.AsyncConnection[Any]) -> frozenset[str]:
    """Read after the counter, so never older than it says; if newer, the next look reads again."""
    return frozenset(digest for (digest,) in await (await db.execute(NODES)).fetchall())
