"""The layer that speaks HTTP."""
