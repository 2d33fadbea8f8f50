"""How written text is read. No torch."""

from typing import Literal

from pydantic import Field

from amhctl.config.document import Document


class TextConfig(Document):
    """How written text is read; part of every checkpoint's text state."""

    units: Literal["fidel", "phones"] = "phones"
    """What the vocabulary is made of."""
    backends: tuple[Literal["rules", "epitran", "transphone"], ...] = Field(("rules", "epitran"), min_length=1)
    """G2P backends in the order in which they are tried, word by word. Each must be on this machine."""
    optional_backends: tuple[Literal["rules", "epitran", "transphone"], ...] = ()
    """Those of ``text.backends`` that may be absent or fail: the next one in the list reads in their place."""
    fold_homophones: bool = False
    """Write ሀ ሐ ኀ, ሰ ሠ, አ ዐ and ጸ ፀ alike before anything else."""
    hundred: Literal["መቶ", "አንድ መቶ"] = "መቶ"
    """How 100 is read where it stands alone."""
    negative: Literal["ኔጌቲቭ", "ከዜሮ በታች"] = "ኔጌቲቭ"
    """What is said for the minus sign of a number; degrees are below zero (ከዜሮ በታች) in any case."""
    months: Literal["ethiopian", "gregorian"] = "ethiopian"
    """Whose months a date in figures has where no era stands beside it (18/3/1990: ኅዳር or ማርች)."""
    breath_syllables: int = Field(40, ge=8, le=200)
    """Longest piece of text spoken in one go, in fidel."""
