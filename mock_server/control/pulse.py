"""What goes on in a world, told so briefly that it can be asked for twice a second."""

import zlib
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from mock_server.control import phone
from mock_server.control.desk import Desk, Problem
from mock_server.control.given import converted
from mock_server.control.steering import SHOWN
from mock_server.portal import processes
from mock_server.portal.moments import iso


class Asked(msgspec.Struct, kw_only=True):
    """Whether a world that is not there is made, as a client's first call makes one."""

    missing: Literal["make", "refuse"] = "make"


def felt(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    """The clock, the number of the newest request, how many processes run, and the questions on the phone.

    `version` changes when settings, accounts or faults do, `generation` with a reset; `processes.mark` whenever one
    of the newest processes begins, ends, comes to another stage or is steered. So a view asks again only if need be.
    `life` is another one when nothing of what was seen before is there any more: after a reset, a deletion, or a new
    start of a server without a file.

    Raises:
        Problem: 404 where there is no such world and none is to be made.
    """
    asked: Asked = converted(dict(query), Asked)
    if asked.missing == "refuse" and desk.store.worlds.find(desk.name) is None:
        detail = "it has been deleted; it begins anew when somebody uses it"
        raise Problem(404, "no such world", detail, given=desk.name, allowed=["missing=make"])
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
        "life": desk.worlds.life(change.row),
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
