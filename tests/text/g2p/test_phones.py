"""Twin of ``text/g2p/phones.py``."""

import hashlib

from amhctl.text.g2p.phones import CONSONANTS, MARKS, PHONES, VOWELS, split_phones


def test_the_inventory_is_frozen() -> None:
    assert (len(VOWELS), len(CONSONANTS), len(set(PHONES))) == (7, 31, 38)
    digest = hashlib.sha256("\n".join((*PHONES, *MARKS)).encode()).hexdigest()
    assert digest == "73a6a8d9554d22a34a09bdc4d9002858034324215f9a793d1c6f2646880189ed"


def test_units_of_several_characters_stay_whole() -> None:
    assert split_phones("t͡ʃʼəkʼʷat͡ʃd͡ʒ") == ("t͡ʃʼ", "ə", "kʼʷ", "a", "t͡ʃ", "d͡ʒ")
    assert split_phones("səxm") == ("s", "ə", "x", "m")
    assert all(split_phones(phone) == (phone,) for phone in (*PHONES, *MARKS))


def test_a_geminate_is_two_phones() -> None:
    assert split_phones("tʼtʼt͡ʃt͡ʃ") == ("tʼ", "tʼ", "t͡ʃ", "t͡ʃ")
