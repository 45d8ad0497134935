"""Starting a process: a number nobody has, and a row."""

from mock_server.portal import processes
from mock_server.portal.stages import Record
from mock_server.portal.visits import Visit
from mock_server.store.processes import ProcessRow


def free_process(visit: Visit) -> int:
    """A process number that nobody has; numbers the world already holds are passed over."""
    while True:
        number = visit.store.worlds.take(visit.world.id, "process")
        if visit.store.processes.find(visit.world.id, number) is None:
            return number


def begin(visit: Visit, process: int, record: Record, invoices: str = "[]", dir_: int | None = None) -> None:
    """Write a process down, due when its first effect is."""
    due = processes.next_due(processes.timeline(record), 0)
    row = ProcessRow(
        process,
        visit.caller.company,
        visit.caller.username,
        processes.written(record),
        0,
        due,
        dir_,
        0,
        0,
    )
    visit.store.processes.add(visit.world.id, row, invoices)
    visit.store.worlds.due(visit.world.id, due)
