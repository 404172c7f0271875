"""How a crowd of followers, or of visitors, who all want to read at once, starves nobody."""

from store.database import let_others_first, lets_others_first

__all__ = ["let_others_first", "lets_others_first"]
