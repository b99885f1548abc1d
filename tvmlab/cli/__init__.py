"""The command line: `tvmlab lab | tune | replay | doctor`. Each command is a file of its own."""

from tvmlab.cli.entry import main

__all__ = ["main"]
