"""One of several equal shards of a list, such as the records of a manifest: what one process works on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from amhctl.core.errors import OptionError

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` shards, counted from 1."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read ``i/n``.

        Raises
        ------
        OptionError
            If the text is not two numbers with 1 ≤ i ≤ n.
        """
        first, slash, second = text.partition("/")
        if slash and _is_number(first) and _is_number(second) and 1 <= int(first) <= int(second):
            return cls(int(first), int(second))
        raise OptionError(
            f"a shard is written i/n with 1 ≤ i ≤ n, not {text!r}", subject="--shard", hint="for example --shard 1/4"
        )

    @property
    def part(self) -> str:
        """Name of the store's part that it fills."""
        return f"{self.index}-of-{self.count}"

    def of(self, items: Sequence[_Item]) -> tuple[_Item, ...]:
        """Return its items: every ``count``-th."""
        return tuple(items[self.index - 1 :: self.count])


def _is_number(text: str) -> bool:
    # Python refuses to read some thousand digits.
    return text.isdecimal() and len(text) <= 9
