"""What a lab is: found by path, run against a work folder, on any machine."""

from mnlab.lab.diagram import Diagram, Figure

__all__ = ["Diagram", "Figure"]
