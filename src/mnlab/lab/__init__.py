"""What a lab is: found by path, run against a work folder, on any machine."""

from mnlab.evidence.allowed import Allowed
from mnlab.lab.diagram import Diagram, Figure
from mnlab.lab.ports import UNCLAIMED_PORTS
from mnlab.lab.scene import scene

__all__ = ["Allowed", "Diagram", "Figure", "UNCLAIMED_PORTS", "scene"]
