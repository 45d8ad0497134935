"""All tables of one engine, in one hand."""

from mock_server.store.arrivals import Arrivals
from mock_server.store.copies import Copies
from mock_server.store.coverage import Coverage
from mock_server.store.engine import Engine
from mock_server.store.faults import Faults
from mock_server.store.invoices import Invoices
from mock_server.store.journal import Journal
from mock_server.store.listing import Listing
from mock_server.store.migrations import migrate
from mock_server.store.processes import Processes
from mock_server.store.registry import Registry
from mock_server.store.seedings import Seedings
from mock_server.store.whole import Whole
from mock_server.store.worlds import Worlds
from mock_server.turns import Turns


class Store:
    """What the portal keeps. Transactions are `with store.reading():` and `with store.writing():`.

    Whoever is called in the event loop asks through `await store.turns(work, ...)`.
    """

    def __init__(self, engine: Engine) -> None:
        """Brings the database up to this version.

        Raises:
            NewerDatabase: it is beyond it.
        """
        try:
            migrate(engine)
        except BaseException:
            engine.close()
            raise
        self.engine = engine
        self.turns = Turns(engine.threads)
        self.reading = engine.reading
        self.writing = engine.writing
        self.joining = engine.joining
        self.worlds = Worlds(engine)
        self.invoices = Invoices(engine)
        self.registry = Registry(engine)
        self.listing = Listing(engine)
        self.seedings = Seedings(engine)
        self.processes = Processes(engine)
        self.arrivals = Arrivals(engine)
        self.journal = Journal(engine)
        self.faults = Faults(engine)
        self.coverage = Coverage(engine)
        self.copies = Copies(engine)
        self.whole = Whole(engine)

    def prove(self) -> None:
        """Read something and write something.

        Raises:
            Unavailable: it cannot be done.
        """
        with self.writing():
            self.engine.run("UPDATE migrations SET step = step WHERE step = 1")

    def close(self) -> None:
        self.turns.close()
        self.engine.close()
