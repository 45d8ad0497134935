"""What the documents say, loaded from `schemas/`, and how the simulator reads them. No HTTP, no SQL."""
