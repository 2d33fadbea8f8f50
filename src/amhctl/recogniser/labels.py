"""What a recogniser writes: phones and word borders, each with its number. Knows no sound.

Length of consonants is left out: it is predicted from the spelling, not measured, and a judge must not count a
prediction against a voice. Number 0 is CTC's blank.
"""

from collections.abc import Sequence

from amhctl.text.g2p.phones import CONSONANTS, MARKS, PHONES, split_phones

BLANK = 0
BORDER = 1
"""Between two words. No sound of its own: scores of phones leave it out."""
LABELS: tuple[str, ...] = ("", " ", *PHONES)
NUMBERS = {label: number for number, label in enumerate(LABELS) if label}


def word_labels(phones: str) -> tuple[tuple[int, ...], ...]:
    """Return the labels of each word of a phone string; marks are dropped and doubled consonants written once.

    Raises
    ------
    KeyError
        If it has a character that is no phone.

    >>> [[LABELS[number] for number in word] for word in word_labels("səlːam" .replace("lː", "ll") + " ʃət ።")]
    [['s', 'ə', 'l', 'a', 'm'], ['ʃ', 'ə', 't']]
    """
    words = []
    for word in phones.split():
        units = [unit for unit in split_phones(word) if unit not in MARKS]
        single = [
            unit
            for position, unit in enumerate(units)
            if position == 0 or unit != units[position - 1] or unit not in CONSONANTS
        ]
        if single:
            words.append(tuple(NUMBERS[unit] for unit in single))
    return tuple(words)


def join_words(words: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Return the labels of words with a border between each two."""
    labels: list[int] = []
    for word in words:
        if labels:
            labels.append(BORDER)
        labels.extend(word)
    return tuple(labels)


def without_borders(labels: Sequence[int]) -> tuple[int, ...]:
    """Return the phones alone."""
    return tuple(label for label in labels if label != BORDER)


def spell(labels: Sequence[int]) -> str:
    """Return labels as a phone string."""
    return "".join(LABELS[label] for label in labels)
