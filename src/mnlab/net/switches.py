"""Which kind of switch a topology means: the classes of Mininet that are Linux's bridge or Open vSwitch here.

A topology written for `mn` means the same: what learns and forwards there does so here. `mn` starts a controller that
makes an OVSSwitch learn; here, in a network without a controller of its own, it learns by itself, unless failMode says
otherwise.
"""

from functools import partial

from mininet.node import OVSBridge, OVSSwitch
from mininet.nodelib import LinuxBridge

from mnlab.net import parameters
from mnlab.net.errors import NetworkError
from mnlab.net.nodes import Bridge
from mnlab.net.openflow import OpenFlowSwitch

#: Parameters that only Open vSwitch has. A switch of no class of its own that is given one is Open vSwitch's.
OPEN_VSWITCH = ("rstp", "failMode", "protocols", "datapath")


def kind_of(name: str, cls, given: dict, with_controller: bool) -> tuple[type, dict]:
    """The class of a switch `cls` (None: not said) with the parameters `given`, and what that class is told.

    NetworkError for a class that is not here, and for parameters that it does not have.
    """
    while isinstance(cls, partial):
        cls, given = cls.func, {**cls.keywords, **given}
    values = parameters.read("switch", name, parameters.SWITCH, given, more=("batch", "isSwitch", "inNamespace"))
    asked = [one for one in OPEN_VSWITCH if values.get(one)]
    if cls is None:
        cls = OVSSwitch if with_controller or asked else LinuxBridge
    if cls in (LinuxBridge, Bridge):
        if asked:
            raise NetworkError(f"{name}: {asked[0]} is Open vSwitch's; use cls=OVSBridge")
        return Bridge, values
    if cls not in (OVSBridge, OVSSwitch, OpenFlowSwitch):
        raise NetworkError(f"{name}: there is no switch of class {getattr(cls, '__name__', cls)} here; "
                           f"there are {parameters.SWITCH['cls'].meaning}")
    controlled = with_controller and cls is not OVSBridge
    mode = values.setdefault("failMode", "secure" if controlled else "standalone")
    if (values.get("stp") or values.get("rstp")) and mode != "standalone":
        raise NetworkError(f"{name}: a spanning tree needs failMode='standalone' or cls=OVSBridge")
    return OpenFlowSwitch, {**values, "controlled": controlled}
