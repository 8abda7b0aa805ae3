"""The exit codes of `zknode serve`, as docs/operating/exit-codes.md promises them."""

STOPPED = 0
UNEXPECTED = 1
BAD_CONFIGURATION = 2
DATA_DIRECTORY = 3
PORT = 4
DAMAGED_DATA = 5
STORAGE_FAILED = 10
