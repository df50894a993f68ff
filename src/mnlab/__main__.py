"""`mnlab` and `python -m mnlab`: the command line."""

import os
import sys


def start() -> None:
    """Run the command line and leave with its exit status."""
    try:
        forget_the_current_folder()
        from mnlab.cli.main import main

        main()
    except KeyboardInterrupt:  # while modules were still being loaded
        sys.exit(130)


def forget_the_current_folder() -> None:
    """Import nothing from the folder that mnlab is called in, which may be a student's.

    Python adds it for each relative entry of PYTHONPATH, an empty one among them (":/opt/lib"). An absolute entry is
    the user's word, and stays.
    """
    if not os.environ.get("PYTHONPATH"):
        return
    entries = os.environ["PYTHONPATH"].split(os.pathsep)
    absolute = [entry for entry in entries if os.path.isabs(entry)]
    relative = {os.path.abspath(entry) for entry in entries} - set(absolute)
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) not in relative]
    os.environ["PYTHONPATH"] = os.pathsep.join(absolute)  # for the programs that mnlab starts


if __name__ == "__main__":
    start()
