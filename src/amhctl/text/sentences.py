"""Breath groups: where a reader stops. Knows nothing of how text was written.

A sentence mark ends a group, unless what follows is the verb of saying after a quotation (መጣህ፧ አለ). A sentence that
is longer than a breath is cut at its commas, filled greedily, then between words into parts of similar length; not
inside a word, not at a tie, so not inside a number, and not before a verb of saying. Of two places that are about as
good, the one at the end of a phrase is taken: after a verb, a conjunction, a postposition or an ending (-ን, -ም, -ና,
-ው); not after a genitive, a number, an adjective, or a noun without an ending, which mostly belongs to the noun after
it. Only what has more than 80 fidel without a place to stop, such as a number of sixty digits, is cut at its ties, and
then between letters.
"""

from itertools import pairwise

from amhctl.core.units import Seconds
from amhctl.text.draft import TIE
from amhctl.text.pattern import Pattern
from amhctl.text.script import LETTERS, MARKS, PAUSE_MARKS, SENTENCE_MARKS, count_syllables
from amhctl.text.spoken import Segment

_PAUSES = {"።": 0.45, "፧": 0.45, "!": 0.45, "፤": 0.3, "፣": 0.2}
_BREATH_PAUSE = 0.1
# A number of twelve digits in words, the longest that is read so, has about 60 fidel.
_LONGEST = 80
_SENTENCE = Pattern(f"[^{SENTENCE_MARKS}]+[{SENTENCE_MARKS}]?")


def _gather(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SAYING = _gather(
    "ብሎ ብላ ብለው ብዬ ብለህ ብለሽ ብለን አለ አለች አሉ አልኩ አልኩት አለኝ አለችኝ አሉኝ ሲል ስትል ሲሉ ስል በማለት ብሏል ብላለች ብለዋል ብዬአለሁ ብያለሁ በሚል "
    "ይላል ትላለች ይላሉ"
)
"""Verbs that belong to the quotation before them."""
_POSTPOSITIONS = _gather("ላይ ውስጥ ጋር ጋራ በኋላ በፊት ድረስ ጀምሮ በስተቀር በላይ በታች አጠገብ ሥር ስር ዘንድ መካከል በኩል ምክንያት አማካኝነት ይልቅ")
"""What closes a phrase that a preposition has opened."""
_OPENING = _gather("እና ግን ነገር ስለዚህ ወይም እንዲሁም ምክንያቱም ሆኖም ይሁን")
"""Conjunctions, which a group may well begin with."""
_COPULAS = _gather("ነው ናቸው ናት ነበር ነበሩ ነበረች ነኝ ነን አይደለም አይደሉም ይሆናል ሆኗል")
"""Verbs that belong to what they come after."""
_MODIFIERS = _gather(
    "ይህ ያ ይህን ያንን እነዚህ እነዚያ ይህች አንድ ሁለት ሦስት ሶስት አራት አምስት ብዙ ጥቂት ሁሉ ሌላ ሌሎች አንዳንድ እያንዳንዱ ትልቅ ትንሽ አዲስ አሮጌ ታላቅ ዋና "
    "ልዩ ጠቅላይ ምክትል ዶክተር ፕሮፌሰር አቶ ወይዘሮ ወይዘሪት ሚሊዮን ሺህ መቶ በጣም እጅግ"
)
"""What mostly comes before a noun or adjective that it belongs to."""
_CLOSED = Pattern("(?:[ንምናስ]|ው|ዋ|ቸው|ቹ|ዎ|ል|ሉ|ለሁ|ለን|ለች|ለህ|ለሽ|ዋል|[ሎሮቶዶሞኖቦሶጦቆኮዞፎጎ]|ተው|ረው|ለው)$")
"""Endings of objects, topics, subjects and verbs: what they close may stand apart."""
_INSIDE, _UNSAID = 0.6, 1000.0
"""What a cut inside of a phrase costs, where a part of half the wanted length costs 0.25; and one before a saying."""
_CLAUSE = Pattern(f"[^{PAUSE_MARKS}]+[{PAUSE_MARKS}]?")
_WORD = Pattern("[^ ]+ *| +")
_TIED = Pattern(f"[^{TIE}]+{TIE}*|{TIE}+")
_LETTER = Pattern(f"(?:^[^{LETTERS}]+)?[{LETTERS}][^{LETTERS}]*")


def split_breaths(text: str, limit: int, longest: int | None = None) -> tuple[Segment, ...]:
    """Cut spoken text, its ties still in it, into groups of at most ``limit`` fidel where words allow it.

    Parameters
    ----------
    text : str
        Spoken text.
    limit : int
        Fidel of one breath.
    longest : int | None
        Fidel that no group exceeds, though a number or a word is cut for it; None for 80, or a breath if that is more.
    """
    longest = max(_LONGEST, limit) if longest is None else longest
    groups: list[str] = []
    for sentence in _join_sayings(_SENTENCE.findall(text)):
        if count_syllables(sentence) <= limit:
            groups.append(sentence)
            continue
        clauses = _join_sayings(_CLAUSE.findall(sentence))
        groups += _pack([part for clause in clauses for part in _cut_clause(clause, limit, longest)], limit)
    segments = (group.replace(TIE, " ").strip() for group in groups)
    return tuple(
        Segment(segment, Seconds(_PAUSES.get(segment[-1], _BREATH_PAUSE)))
        for segment in segments
        if count_syllables(segment)
    )


def _join_sayings(parts: list[str]) -> list[str]:
    """Join each part that begins with a verb of saying to the one before it."""
    joined: list[str] = []
    for part in parts:
        if joined and begins_saying(part):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def begins_saying(text: str) -> bool:
    """Return whether a text begins with a verb of saying, which belongs to the quotation before it."""
    words = text.split(maxsplit=1)
    return bool(words) and words[0].rstrip(MARKS) in _SAYING


def _pack(parts: list[str], limit: int) -> list[str]:
    """Join neighbouring parts as long as they fit into one breath."""
    groups: list[str] = []
    for part in parts:
        if groups and count_syllables(groups[-1]) + count_syllables(part) <= limit:
            groups[-1] += part
        else:
            groups.append(part)
    return groups


def _cut_clause(clause: str, limit: int, longest: int) -> list[str]:
    """Cut a clause between words into parts that fit, at ends of phrases and of about the same length."""
    total = count_syllables(clause)
    if total <= limit:
        return [clause]
    words = [part for word in _WORD.findall(clause) for part in _cut_word(word, longest)]
    return _cut_at_phrases(words, total / -(-total // limit), limit)


def _cut_word(word: str, longest: int) -> list[str]:
    """Cut what has no place to stop and is too long even so: at its ties, a single word between its letters."""
    if count_syllables(word) <= longest:
        return [word]
    tied = _TIED.findall(word)
    if len(tied) > 1:
        parts = [part for one in tied for part in _cut_word(one, longest)]
        return _share_out(parts, count_syllables(word), longest)
    letters = _LETTER.findall(word)
    return ["".join(letters[place : place + longest]) for place in range(0, len(letters), longest)]


def _share_out(words: list[str], total: int, limit: int) -> list[str]:
    """Join words into as few parts of at most ``limit`` fidel as there can be, each about as long as the others."""
    wanted = total / -(-total // limit)
    parts: list[str] = []
    current = ""
    length = 0
    for word in words:
        added = count_syllables(word)
        if current and (length + added > limit or length + added / 2 > wanted):
            parts.append(current)
            current, length = "", 0
        current += word
        length += added
    return [*parts, current]


def _cut_at_phrases(words: list[str], wanted: float, limit: int) -> list[str]:
    """Join words into parts of at most ``limit`` fidel and about ``wanted``, so that few phrases are cut."""
    sizes = [count_syllables(word) for word in words]
    # The least cost of cutting the words before a place, and where the last part of that begins.
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(words) + 1):
        length, options = 0, []
        for begin in range(end - 1, -1, -1):
            length += sizes[begin]
            if length > limit and begin < end - 1:
                break
            cut = _cost_of_cut(words[begin - 1].strip(), words[begin].strip()) if begin else 0.0
            options.append((best[begin][0] + cut + ((length - wanted) / wanted) ** 2, begin))
        best.append(min(options))
    places = [len(words)]
    while places[-1]:
        places.append(best[places[-1]][1])
    places.reverse()
    return ["".join(words[begin:end]) for begin, end in pairwise(places)]


def _cost_of_cut(before: str, behind: str) -> float:
    """Return how bad it is to stop between two words: 0 at the end of a phrase."""
    after = behind.rstrip(MARKS)
    if after in _SAYING or after in _POSTPOSITIONS or after in _COPULAS:
        return _UNSAID if after in _SAYING else 2 * _INSIDE
    if before in _POSTPOSITIONS or before in _COPULAS or after in _OPENING:
        return 0.0
    if before.startswith("የ") or before in _MODIFIERS:
        return 2 * _INSIDE
    if _CLOSED.search(before):
        return 0.0
    # A word with a prefix opens a phrase.
    return _INSIDE / 3 if behind.startswith(("የ", "በ", "ለ", "ከ", "ስለ", "እንደ", "ወደ")) else _INSIDE
