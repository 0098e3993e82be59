"""What a run did, turned round: the directory as it was, but for what has been changed since. Pure."""

from reconciler.undo.invert import Inversion, invert

__all__ = ["Inversion", "invert"]
