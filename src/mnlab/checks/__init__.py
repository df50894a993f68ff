"""Checks: what must be true of the evidence, for how many points, and proof that each can fail."""

from mnlab.checks.mutants import mutant
from mnlab.checks.points import CheckFailed, expect, near, observation, points, same, saw

__all__ = ["CheckFailed", "expect", "mutant", "near", "observation", "points", "same", "saw"]
