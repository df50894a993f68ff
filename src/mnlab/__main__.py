"""`python -m mnlab`: the command line."""

from mnlab.cli.main import main

main()
