"""What a lab is: found by path, run against a work folder, on any machine."""

from mnlab.evidence.allowed import Allowed
from mnlab.lab.diagram import Diagram, Figure

__all__ = ["Allowed", "Diagram", "Figure"]
