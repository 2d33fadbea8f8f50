"""English words in fidel, by their spelling: what is left when no table knows a word. Knows no table.

English spelling is not its sound: the rules follow how Amharic writes the English words it has taken (ኮምፒዩተር, ማንቸስተር,
ዩናይትድ, ስቴሽን), for the endings and pairs of letters that are read in one way most of the time; a lexicon is the cure of
the rest.
"""

from amhctl.text.pattern import Pattern
from amhctl.text.script import with_order

# Spelling to sounds, in order: consonants are written by capitals or pairs below, vowels by the number of their order.
_SOUNDS = (
    ("^x", "z"), ("^ph", "f"), ("^kn|^gn", "n"), ("^wr", "r"), ("^ps", "s"), ("^sch", "sk"), ("^mc", "mak"),
    ("^u(?=[b-df-hj-np-tv-z][aeiou])", "Y1"), ("^eu", "Y1"),
    ("ssion|tion", "S5n"), ("sion", "Z5n"), ("cian|tian", "S2Y3n"), ("cial|tial", "S3l"), ("cious|tious", "S0s"),
    ("sure$", "Z0r"), ("ture(?=s?$)", "C0r"), ("ous(?=$|l)", "0s"), ("age(?=s?$)", "4J"), ("gue$", "g"), ("dge", "J"),
    ("tch", "C"), ("ight", "3Yt"), ("igh", "3Y"), ("eigh", "4Y"), ("ough", "o"), ("augh", "af"), ("gh(?=[aeiou])", "g"),
    ("gh", ""), ("sh", "S"), ("ch(?=[rl])", "k"), ("ch", "C"), ("ph", "f"), ("ck", "k"), ("wh", "w"),
    ("^th(?=[eai](?!i))", "z"),
    ("^th", "t"), ("th", "z"), ("qu(?=[aeiou])", "kuw"), ("qu?", "k"), ("sc(?=[eiy])", "s"), ("cc(?=[eiy])", "ks"),
    ("(?<=[aeiou])s(?=[iou](?!on))", "z"),
    ("c(?=[eiy])", "s"), ("c", "k"), ("ge$", "J"), ("g(?=e[nos]|i[no]|y)", "J"), ("j", "J"), ("x", "ks"),
    (r"([b-df-hj-np-tv-z])\1", r"\1"),
    # Vowels before one consonant and a silent e; of i only the first of the word (time, but service).
    ("a(?=[b-df-hj-np-tv-zJSCZ]e(?:$|[sd]$))", "4"),
    ("^([^aeiou0-9]*)i(?=[b-df-hj-np-tv-zJSCZ]e(?:$|[sd]$))", r"\g<1>3Y"),
    ("o(?=[b-df-hj-np-tv-zJSCZ]e(?:$|[sd]$))", "6"), ("(?<![aeiou0-9])u(?=[b-df-hj-np-tv-zJSCZ]e(?:$|[sd]$))", "1"),
    ("(?<=[b-df-hj-np-tv-zJSCZ])e$", ""), ("(?<=[b-ce-hj-np-su-vzJSCZ])e(?=[ds]$)", "5"),
    ("a(?=S5n|n?4J)", "4"), ("(?<=[aeiou0-9])re$", "r"),
    ("ay|ai|ei|ey(?=.)", "4Y"), ("ey$", "2"), ("ier$", "2Y0r"), ("ee|ea|ie$|ie(?=[lfvs])", "2"), ("oo", "1"),
    ("oa", "6"),
    ("oi|oy", "6Y"), ("ou(?=p|r|n?g)", "1"), ("ou", "3w"), ("ow$|ow(?=n$)", "6w"), ("ow", "3w"), ("au|aw", "6"),
    ("ew|eu", "2w"), ("ue$", "1"), ("y(?=[aeiou0-9])|^y", "Y"), ("y", "2"),
    ("(?<=[aeiou0-9][a-zSCZJ])or(?=s?$)", "0r"), ("(?<=[aeiou0-9][a-z][a-zSCZJ])or(?=s?$)", "0r"),
    ("[eiu]r(?=$|s$|[b-df-hj-np-tv-z]|J)", "0r"), ("u(?=[b-df-hj-np-tv-zSC]{2}|[bgmnst]$)", "3"),
    ("i(?=[aou])", "2Y"), ("^e|e(?=kt|ks|pt)", "4"), ("e(?=[aou])", "2Y"),
)  # fmt: skip
_STEPS = tuple((Pattern(pattern), sounds) for pattern, sounds in _SOUNDS)
_CONSONANTS = {
    "S": "ሽ", "C": "ች", "Z": "ዥ", "J": "ጅ", "Y": "ይ", "b": "ብ", "c": "ክ", "d": "ድ", "f": "ፍ", "g": "ግ", "h": "ህ",
    "k": "ክ",
    "l": "ል", "m": "ም", "n": "ን", "p": "ፕ", "r": "ር", "s": "ስ", "t": "ት", "v": "ቭ", "w": "ው", "y": "ይ", "z": "ዝ",
}  # fmt: skip
_VOWELS = {"a": 3, "i": 2, "o": 6, "u": 1}


def write_english(word: str) -> str:
    """Return an English word in small letters in fidel.

    >>> write_english("station"), write_english("painter")
    ('ስታሽን', 'ፔይንተር')
    """
    sounds = word
    for pattern, plain in _STEPS:
        sounds = pattern.sub(plain, sounds)
    fidel = ""
    open_consonant = False
    stressed = True  # the first e is said in full (ቴስት), later ones are short (ማንቸስተር)
    for sound in sounds:
        consonant = _CONSONANTS.get(sound)
        if consonant is not None:
            fidel += consonant
            open_consonant = True
            continue
        order = int(sound) if sound.isdigit() else _VOWELS.get(sound, 5)
        if sound == "e":
            order = 4 if stressed else 0
        stressed = False
        if open_consonant:
            fidel = fidel[:-1] + with_order(fidel[-1], order)
        elif order != 5:
            fidel += with_order("አ", {3: 0, 0: 4}.get(order, order))
        open_consonant = False
    return fidel
