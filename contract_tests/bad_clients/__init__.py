"""Clients that each commit one sin, and so prove that check-client names it."""
