"""`python -m imgindex` is the command `imgindex`."""

from imgindex.cli.main import run

run()
