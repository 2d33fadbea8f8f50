"""How written text is read. No torch."""

from typing import Literal

from pydantic import Field

from amhctl.config.document import Document


class TextConfig(Document):
    """How written text is read; part of every checkpoint's text state."""

    units: Literal["fidel", "phones"] = "phones"
    """Units of the vocabulary."""
    backends: tuple[Literal["rules", "epitran", "transphone"], ...] = Field(("rules", "epitran"), min_length=1)
    """G2P backends in the order in which they are tried for each word. Each must be installed."""
    optional_backends: tuple[Literal["rules", "epitran", "transphone"], ...] = ()
    """Backends of ``text.backends`` that may be missing or fail: the next one in the list is used instead."""
    fold_homophones: bool = False
    """Replace homophone letters (ሀ ሐ ኀ, ሰ ሠ, አ ዐ, ጸ ፀ) by one of them before anything else."""
    hundred: Literal["መቶ", "አንድ መቶ"] = "መቶ"
    """How 100 is read when it is not part of a larger number."""
    negative: Literal["ኔጌቲቭ", "ከዜሮ በታች"] = "ኔጌቲቭ"
    """The word for the minus sign of a number; for degrees it is always ከዜሮ በታች (below zero)."""
    months: Literal["ethiopian", "gregorian"] = "ethiopian"
    """Calendar of the months in numeric dates without an era (18/3/1990: ኅዳር or ማርች)."""
    breath_syllables: int = Field(40, ge=8, le=200)
    """Longest segment of text that is synthesised at once, in fidel."""
