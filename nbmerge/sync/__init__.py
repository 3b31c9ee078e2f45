"""Saves whose writer says what it started from: for editors, servers and scripts that take part."""

from nbmerge.sync.apply import apply
from nbmerge.sync.forms import Delete, Insert, Move, Operation, Set
from nbmerge.sync.operations import operations

__all__ = ["Delete", "Insert", "Move", "Operation", "Set", "apply", "operations"]
