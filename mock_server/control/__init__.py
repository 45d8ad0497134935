"""What can be done to a world from outside: its clock, processes, phone, faults, journal. No HTTP."""
