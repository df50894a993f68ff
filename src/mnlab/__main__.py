"""`python -m mnlab`: the command line."""

import sys

try:
    from mnlab.cli.main import main

    main()
except KeyboardInterrupt:  # while modules were still being loaded
    sys.exit(130)
