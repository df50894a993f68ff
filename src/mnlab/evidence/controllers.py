"""SDN controllers in an experiment: started on c0, ready when the switches say so, and missed as soon as they die."""

import os
import select
from contextlib import suppress
from pathlib import Path

from mnlab.net import openflow
from mnlab.net.errors import NetworkError, describe_status
from mnlab.net.wait import wait_until

#: Where a job holds the project's controllers and their launcher.
FOLDER = Path("controller").absolute()
LAUNCHER = FOLDER / "ryu-manager"

#: Lab seconds until a controller must be ready: it needs less than one, but in real time many on a busy computer.
START = 60.0

#: Lab seconds that it gets for its first flows; one that installs none until a packet comes is as good.
FIRST_FLOWS = 2.0


def command(app: str, options, own: bool) -> list[str]:
    """How to start the Ryu application `app`: a file of controller/, or (not `own`) of the student's folder, where the
    launcher is handed over."""
    if own:
        return [str(LAUNCHER), *options, str(FOLDER / app)]
    return [f"/mnlab/{LAUNCHER.name}", *options, app]


def ready(net):
    """A condition: every switch is connected, and has its first flows or has had the time to get them."""
    switches = [switch for switch in net.switches if isinstance(switch, openflow.OpenFlowSwitch)]

    def is_ready() -> bool:
        if openflow.connected(net) < len(switches):
            return False
        with suppress(NetworkError):
            wait_until(lambda: all(switch.has_flows() for switch in switches), "first flows", FIRST_FLOWS)
        return openflow.connected(net) >= len(switches)

    return is_ready


def wait(services, seconds: float) -> None:
    """Let lab time pass, at most until one of the services that must live dies: then its fault is raised."""
    descriptors = [os.pidfd_open(service.pid) for service in _alive(services)]
    try:
        select.select(descriptors, [], [], seconds)
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    look(services)


def look(services) -> None:
    """Raise the fault of the first service that must live and has ended by itself."""
    for service in _alive(services):
        if service.process.poll() is not None:
            status = describe_status(service.stop())
            words = "\n".join(line[:300] for line in service.read("err").strip().splitlines()[-12:])
            where = f"{service.name} on {service.host.name}"
            raise service.missed(f"{where} ended in the middle, {status}\n{words}".strip())


def _alive(services):
    return [service for service in services if service.missed and not service.stopped]
