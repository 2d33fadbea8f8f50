"""Sentences of written text, each as it was written. Knows nothing of how it is spoken.

A sentence ends at ። ፧ ! ?, at two word spaces or colons that stand for ። (፡፡, ::), or at a full stop after a word of
Ethiopic letters; closing quotes and brackets belong to it. What follows has to be a space: so ዓ.ም. and 3.5 end nothing.
A verb of saying belongs to the quotation before it (መጣህ፧ አለ), and so do marks that stand alone.
"""

from amhctl.text.pattern import Pattern
from amhctl.text.sentences import begins_saying

# A full stop after an abbreviation with another stop in it (ዓ.ም.), or after a single letter, ends no sentence.
_STOP = r"(?<=[\u1200-\u135A][\u1200-\u135A])(?<![.]\S[\u1200-\u135A])\."
_END = Pattern(rf"(?:[።፧!?]|፡፡|::|{_STOP})[።፧!?.:፡]*[»›”’\"')\]]*(?=\s|$)")

_LETTER = Pattern(r"\w")


def split_written(text: str) -> tuple[str, ...]:
    """Return the sentences of a text without the space around them.

    >>> split_written("ሰላም ነው። መጣህ፧ አለ። በ2016 ዓ.ም. ሆነ፡፡")
    ('ሰላም ነው።', 'መጣህ፧ አለ።', 'በ2016 ዓ.ም. ሆነ፡፡')
    """
    sentences: list[str] = []
    start = 0
    for end in [*(match.end() for match in _END.finditer(text)), len(text)]:
        sentence = text[start:end].strip()
        start = end
        if sentences and sentence and (begins_saying(sentence) or not _LETTER.search(sentence)):
            sentences[-1] = f"{sentences[-1]} {sentence}"
        elif sentence:
            sentences.append(sentence)
    return tuple(sentences)
