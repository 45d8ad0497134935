"""The cases of `make bench`, each a module of its own, in the order in which they run."""
