"""Judging clients: journeys that a client's own command is sent on, against fresh simulated portals."""
