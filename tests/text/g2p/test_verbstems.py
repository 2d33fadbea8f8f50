"""Twin of ``text/g2p/verbstems.py``."""

import re

import pytest

from amhctl.text.g2p.gemination import read_verbs
from amhctl.text.g2p.segments import spell
from amhctl.text.g2p.verbstems import TYPES, list_stems

ORDERS = {
    "A": "[06][06]0", "B": "[06][06]0", "C": "[3w]00", "Q": "[06]0[06]0", "U": "[06]00", "2": "[06]3", "T": "[06]3",
    "Y": "[06]0", "Z": "[06]0", "N": "[06]03", "M": "[06]00", "P": "[03]0", "H": "[46]0", "S": "00", "W": "[3w]0",
    "3": "30", "G": "300", "D": "300", "O": "300", "E": "30", "I": "30", "4": "30", "5": "60", "K": "[3w]3",
    "6": "033", "1": "000", "R": "[3w][034]0", "L": "[06]30", "X": "0000",
}  # fmt: skip


def stems(verb: str, kind: str) -> set[tuple[str, str, tuple[int, ...]]]:
    return {(one, plain, doubled) for one, plain, doubled, _ in list_stems({verb: kind})}


@pytest.mark.parametrize(
    ("verb", "kind", "stem"),
    [
        ("ሰበረ", "A", ("PC", "ሰ0በ0ረ", (1,))),
        ("ሰበረ", "A", ("IC", "ሰ0በ5ረ", ())),
        ("ሰበረ", "A", ("IC", "ሰ0በ0ረ", (0, 1))),
        ("ሰበረ", "A", ("JC", "ሰ0በ0ረ", (0,))),
        ("ፈለገ", "B", ("IC", "ፈ0ለ5ገ", (1,))),
        ("ፈለገ", "B", ("VC", "መ0ፈ0ለ0ገ", (2,))),
        ("ማረከ", "C", ("VC", "መ0መ3ረ0ከ", ())),
        ("መሰከረ", "Q", ("PC", "መ0ሰ0ከ0ረ", (2,))),
        ("ወደደ", "U", ("IC", "ወ0ደ", (1,))),
        ("መታ", "2", ("GC", "መ0ተ5ተ", ())),
        ("ሰጠ", "Y", ("PE", "ሰ0ጠ", (1,))),
        ("ቆየ", "Z", ("IC", "ቀ6የ", (1,))),
        ("ሆነ", "H", ("JC", "ሀ1ነ", ())),
        ("ማረ", "W", ("IC", "መ3ረ", (0,))),
        ("አወቀ", "G", ("IC", "ተ3ወ0ቀ", (0, 1))),
        ("አሰበ", "D", ("aIC", "ሰ5በ", (0,))),
        ("ነገረ", "A", ("PC", "ተ0ነ3ገ0ረ", (2,))),
        ("ነገረ", "A", ("PC", "ተ0ነ0ገ3ገ0ረ", (3,))),
        ("ቆረጠ", "A", ("VC", "መ0ቀ1ረ0ጠ", ())),
        ("ጓዘ", "W", ("GC", "ተ0ገ1ዘ", ())),
        ("መረጠ", "A", ("NC", "መ0ረ3ጨ", ())),
        ("መረጠ", "A", ("N3", "መ0መ5ረ0ጨ", ())),
        ("ሄደ", "H", ("GF", "ሀ4ጀ", ())),
        ("ካሄደ", "R", ("IC", "ከ3ሀ4ደ", (0,))),
        ("ካሄደ", "R", ("GC", "ተ0ከ3ሀ2ደ", ())),
        ("ቆመ", "5", ("PC", "ተ0ቀwቀwመ", (2,))),
        ("ያዘ", "W", ("PC", "ተ0የ3የ3ዘ", (2,))),
        ("ጠቆመ", "B", ("GC", "ጠ0ቀ1መ", (1,))),
        ("ቆረጠ", "A", ("PC", "ተ0ቀwረ0ጠ", (2,))),
        ("ሸነፈ", "1", ("VC", "መ3ሸ0ነ0ፈ", (1,))),
        ("ዋሀደ", "R", ("PC", "ተ0ወ3ሀ3ደ", ())),
    ],
)
def test_stems(verb: str, kind: str, stem: tuple[str, str, tuple[int, ...]]) -> None:
    assert stem in stems(verb, kind)


def test_reciprocals_are_the_rarer_reading() -> None:
    rare = {plain: rare for _, plain, _, rare in list_stems({"መራ": "2"})}
    assert rare["መ0ረ"] is False
    assert rare["ተ0መ3ረ"] is True


def test_every_verb_of_the_table_has_the_shape_of_its_type() -> None:
    assert set(ORDERS) <= TYPES
    for verb, kinds in read_verbs().items():
        orders = "".join(
            "0" if consonant in "ሀአ" and place and order == "3" else order
            for place, (consonant, order) in enumerate(zip(spell(verb)[::2], spell(verb)[1::2], strict=True))
        )
        for kind in kinds:
            assert re.fullmatch(ORDERS[kind], orders), (verb, kind)
            assert stems(verb, kind)


def test_stems_end_with_a_consonant_and_hold_no_placeholder() -> None:
    for kind, plain, doubled, _ in list_stems(read_verbs()):
        assert re.fullmatch("(?:[ሀ-ፐ][0-6w])*[ሀ-ፐ]", plain), (kind, plain)
        assert all(place <= len(plain) // 2 for place in doubled)
