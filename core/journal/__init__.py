"""The journal: everything that happened on every socket of a run, in one SQLite file."""
