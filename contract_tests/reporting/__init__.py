"""Reports of a run: terminal, JUnit XML, JSON, and one self-contained page of HTML."""
