"""What a run did, turned round: the directory as it was, but for what has been changed since. Pure."""

from reconciler.undo.invert import MADE, Inversion, invert

__all__ = ["MADE", "Inversion", "invert"]
