"""Replacing a file that other programs may write at the same moment, without losing a save.

Owns the journal of what is about to be done to a file, and the temporary files beside notebooks.
Must not know what is in a file, or why it is replaced.

To read in this order: `disk` (what others call), `values` (what comes of it), `exchange` and `inplace`
(the two ways to replace a file), `displaced` (what stood there before), `journal` (how a killed process
is put right), `system` (the file operations) and, loaded only where it runs, `linux`, `macos` or `windows`.
"""

from nbmerge.disk.disk import Disk
from nbmerge.disk.values import Busy, Changed, Gone, LateSave, Placed, PlaceResult, Repaired

__all__ = ["Busy", "Changed", "Disk", "Gone", "LateSave", "PlaceResult", "Placed", "Repaired"]
