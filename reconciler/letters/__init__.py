"""Letters to families whose members share an e-mail address, and ask for one each. Pure."""

from reconciler.letters.families import families
from reconciler.letters.write import Letters, TemplateMistakeError, address_of, write_letters

__all__ = ["Letters", "TemplateMistakeError", "address_of", "families", "write_letters"]
