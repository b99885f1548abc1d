"""`python -m tvmlab.cli` is the command `tvmlab`."""

import sys

from tvmlab.cli.entry import main

if __name__ == "__main__":
    sys.exit(main())
