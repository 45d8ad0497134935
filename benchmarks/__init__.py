"""Measurements, side by side and in one run; see README.md for figures and method."""
