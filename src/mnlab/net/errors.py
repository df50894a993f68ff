"""What can go wrong while a network is built. None of it is ever the student's fault."""


class NetworkError(Exception):
    """The network could not be built, or is not what was asked for. The text says which part and why."""


class CommandFailed(NetworkError):
    """A command that had to succeed did not: says the command, its status and its last words."""

    def __init__(self, where: str, command: str, status, words: str):
        super().__init__(f"{where}: {command!r} failed ({describe_status(status)})" + (f": {words}" if words else ""))
        self.status = status


def describe_status(status) -> str:
    """An exit status in words: "status 2", "killed by signal 9", "timed out"."""
    if status is None:
        return "timed out"
    return f"killed by signal {-status}" if status < 0 else f"status {status}"
