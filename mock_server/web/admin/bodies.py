"""Bodies of the control API; an unknown key is refused with the nearest right one."""

import msgspec


class Reset(msgspec.Struct, forbid_unknown_fields=True):
    """Where to: `start`, or a snapshot's name."""

    to: str = "start"


class Clock(msgspec.Struct, forbid_unknown_fields=True):
    """What to set; the rest stays. `now` in ISO 8601 with an offset."""

    now: str | None = None
    speed: float | None = None
    frozen: bool | None = None


class Advance(msgspec.Struct, forbid_unknown_fields=True):
    """How far: a text such as `5m`, or seconds."""

    by: str | float


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """What to choose for the world; the rest stays. A page size that is not 5000 departs from the documents."""

    pace: str | None = None
    page_size: int | None = None


class Fail(msgspec.Struct, forbid_unknown_fields=True):
    """The text of `stats.etx_exception`."""

    text: str | None = None


class Snapshot(msgspec.Struct, forbid_unknown_fields=True):
    """The snapshot's name."""

    name: str
