"""Clients that do as the documents advise: to read, to copy from, and to hold the judge against."""
