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
    """Import and start nothing that lies where mnlab is called: that may be a student's folder.

    Relative entries of PYTHONPATH and PATH lead there, an empty one (":/opt/lib") among them. An absolute entry is the
    user's word, and stays. The launcher of a clone does so before Python begins.
    """
    for name, default in (("PYTHONPATH", ""), ("PATH", os.defpath)):
        if not os.environ.get(name):
            continue
        entries = os.environ[name].split(os.pathsep)
        absolute = [entry for entry in entries if os.path.isabs(entry)]
        os.environ[name] = os.pathsep.join(absolute) or default
        if name == "PYTHONPATH":
            relative = {os.path.abspath(entry) for entry in entries} - set(absolute)
            sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) not in relative]


if __name__ == "__main__":
    start()
