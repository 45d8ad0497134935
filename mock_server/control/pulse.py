"""What goes on in a world, told so briefly that it can be asked for twice a second."""

import zlib
from typing import Any

from mock_server.control import phone
from mock_server.control.desk import Desk
from mock_server.control.steering import SHOWN
from mock_server.portal import processes
from mock_server.portal.moments import iso


def felt(desk: Desk) -> dict[str, Any]:
    """The clock, the number of the newest request, how many processes run, and the questions on the phone.

    `version` changes when settings, accounts or faults do, `generation` with a reset; `processes.mark` whenever one
    of the newest processes begins, ends, comes to another stage or is steered. So a view asks again only if need be.
    """
    change = desk.look()
    rows = desk.store.processes.newest(change.row.id, SHOWN)
    mark, running, asking = 0, 0, []
    for row in rows:
        record, line = processes.read(row.record)
        look = processes.look(line, change.now)
        running += not look.ended
        if look.waiting:
            asking.append(row)
        stage = "" if look.current is None else look.current.name
        seen = f"{row.id} {len(record.events)} {look.ended} {stage} {look.waiting} {row.listed}"
        mark = zlib.crc32(seen.encode(), mark)
    return {
        "generation": change.row.generation,
        "version": change.row.version,
        "clock": {
            "now": iso(change.now),
            "speed": change.view.settings.speed,
            "frozen": change.row.clock.speed == 0,
        },
        "requests": {"newest": desk.store.journal.newest(change.row.id)},
        "processes": {"running": running, "mark": mark},
        "confirmations": phone.pending(change, asking),
    }
