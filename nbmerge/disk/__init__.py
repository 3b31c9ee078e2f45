"""Replacing a file that other programs may write at the same moment, without losing a save."""

from nbmerge.disk.disk import Disk
from nbmerge.disk.values import Busy, Changed, Gone, LateSave, Placed, PlaceResult, Repaired

__all__ = ["Busy", "Changed", "Disk", "Gone", "LateSave", "PlaceResult", "Placed", "Repaired"]
