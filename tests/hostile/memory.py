"""How much memory a process has; Linux tells."""

import os
from pathlib import Path


def resident(pid: int | None = None) -> int:
    """Bytes, of this process where none is named."""
    pages = int(Path(f"/proc/{pid or 'self'}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
