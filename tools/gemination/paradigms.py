"""Forms of Amharic words with their geminates marked: material the gemination tagger learns from. Knows no model.

Which radical is doubled follows from the verb's type and from the form, and is not written: type A doubles the second
radical in the perfect (ሰበ፟ረ, but ይሰብራል), type B everywhere (ፈለ፟ገ, ይፈል፟ጋል), type C in perfect and imperfect (ማረ፟ከ,
ይማር፟ካል, but መማረክ); a verb of four radicals doubles the third (መሰከ፟ረ, ይመሰክ፟ራል); the passive imperfect doubles the
first as well (ይሰ፟በ፟ራል); the relative prefix has a doubled m (የሚ፟ሰብር), the compound imperfect the l of አለ፟, እየ- and እን-
a doubled second letter, and so has the negative relative (የማ፟ይሰብር). The prefixes of the negative, the conditional
and the conjunctions (አይ- ሳይ- ቢ- ባይ- እንዳይ- ሲ- ሊ- እንዲ-) double nothing: ሳይመጣ, ቢሰብር. Agents and nouns of instrument double
what the verb's type doubles everywhere: ሰባሪ, መስበሪያ, but ፈላ፟ጊ, መፈለ፟ጊያ; before their i and ያ a dental becomes a palatal
(መራጭ, መምረጫ; መቺ, መምቻ). The noun of manner doubles the first radical (አሰ፟ባበር); the reciprocal of four radicals the third,
and the first too where its ተ is gone (ተከራከ፟ረ, ይከ፟ራከ፟ራል, but መከ፟ራከር). Where active and passive are written alike (ይበላል),
the active is taken. Source: W. Leslau, *Reference Grammar of Amharic* (1995), on verb types, derived stems, the
relative verb, the compound imperfect, the verbal nouns and the negative.

Forms are written with the model radicals ገ ፈ ዘ ጠ; another verb puts its own radicals in their places.
"""

from collections.abc import Iterable, Iterator, Mapping

from amhctl.text.script import GEMINATION, SYLLABLES, is_sixth_order, with_order

MODEL = "ገፈዘጠ"
"""The radicals of the forms below: first, second, third, fourth. None of them occurs in an affix."""

VERBS: dict[str, str] = {
    "A": (
        "ሰበረ ነገረ ገደለ ወሰደ ከፈተ ከፈለ ለበሰ ደረሰ ቀረበ መረጠ ጠቀሰ ገለጸ ገለፀ ወረደ ዘረፈ ቀደመ ተከለ ለመደ መሰለ ሰረቀ ሰደደ ሰበከ ረገጠ ቀበረ ከሰሰ ከሰረ "
        "ወደቀ ወደደ ወለደ ዘገበ ነከሰ ነደፈ ነጠቀ ነጠረ ነቀለ ፈረደ ፈጠረ ፈረሰ ገረፈ ገመተ ረገመ ለቀመ መከረ ሰከረ ሰፈረ ሸከመ ቀረጸ በቀለ ተረፈ ነቀፈ ከበበ ከበደ "
        "ዘለለ ደረቀ ጠለፈ ጠረገ ጠፈረ ጸደቀ ፈለሰ ፈሰሰ ፈረጠ መሸገ ጠቀመ ደገመ ዘመተ ዘፈነ ደፈረ ፈቀደ ወቀሰ"
    ),
    "B": (
        "ፈለገ ቀጠለ ጨረሰ ጠየቀ ወጠነ ለወጠ ቀየረ ፈጸመ ፈጠነ ጨመረ ሸለለ መረቀ ቀመሰ ቀደሰ ሰየመ ደረበ ደመረ ነገደ በየነ ወከለ ዘመነ ጀመረ ጸለየ ሞከረ ቆጠበ ሸፈነ "
        "ለመነ መለሰ ሰረዘ ቀለበ ቀበለ ደለለ ደመቀ ገሠጸ ጨበጠ ፈወሰ ወደሰ ሸመተ ጎተተ ጎበኘ ቆፈረ ወጠረ በደለ ወሰነ ዘከረ ደገፈ ጠበቀ ፈረመ ፈተነ ገበረ መዘነ ቀነሰ "
        "በጠሰ ከለለ ደበቀ ተረከ"
    ),
    "C": "ማረከ ባረከ ናፈቀ ዳሰሰ ታገሰ ቃረመ ጋበዘ ማሰነ ዋለለ ሳበቀ",
    "Q": (
        "መሰከረ ደበደበ ገለበጠ ሰበሰበ መረመረ ነቀነቀ ቆረቆረ በረበረ ተረጎመ ደረደረ ከለከለ ጠቀለለ መነዘረ ዘረዘረ ደነገጠ ፈለፈለ ጨፈጨፈ ወነጀለ ሠለጠነ ሰነዘረ ገነዘበ "
        "ጠረጠረ ወረወረ መነጠረ ሸመገለ ደመሰሰ ከሰከሰ ጎረጎረ ቀነጠሰ ዘወተረ ከበከበ መዘገበ"
    ),
    "2": "መታ በላ መጣ ወጣ ገባ ሰማ ጠራ ጠፋ ረሳ ሠራ ሰራ ገዛ ነዳ ነካ ቀና መራ በዛ በራ ደላ ጠባ ፈታ ፈራ ፈጀ ዘጋ ከፋ ሰጋ ረታ",
    "H": "ሄደ ሆነ ኖረ ቆመ ሞተ ጾመ ዞረ ሮጠ ሾመ ሸጠ",
    "T": "ጠጣ ለካ ቀማ ሞላ ቀባ",
    "N": "ዘረጋ ዘነጋ ገነባ በረታ",
    "W": "ቻለ ሳለ ጻፈ ፃፈ ዳነ ጣለ ላከ ሳቀ ያዘ ዋለ ቃመ ሳመ ጣሰ ካሰ ሻረ ካደ ፋቀ ጣመ ላሰ ላቀ ላጨ ጋጠ ራሰ",
    "G": "አሰረ አመነ አወቀ አገደ አጠበ አረመ አደገ አረሰ አለመ አጠረ አሰበ አከመ አቀደ",
    "R": "ናገረ ማከረ ጋደለ ካፈለ ሳተፈ ካሰሰ ዛመደ ዋረሰ ፃረረ ባበረ ቃወመ ዋሀደ ጋጠመ ካሄደ ፋለመ",
}
"""Perfects of common verbs by type: 2 ends in a vowel after two radicals, T too and is of type B, N after three; H and
W have a vowel between two, G begins with a silent radical, R is the reciprocal stem without its ተ."""

FORMS: dict[str, str] = {
    "A": (
        "ገፈ፟ዘ ገፈ፟ዙ ገፈ፟ዘች ገፈ፟ዝኩ ገፈ፟ዝን የገፈ፟ዘ የገፈ፟ዘው የገፈ፟ዙት ስለገፈ፟ዘ እንደገፈ፟ዘ አልገፈ፟ዘም እየ፟ገፈ፟ዘ ሳይገፍዝ ይገፍዛል ይገፍዛሉ፟ "
        "ትገፍዛለ፟ች እገፍዛለ፟ሁ "
        "እን፟ገፍዛለ፟ን አይገፍዝም የሚ፟ገፍዝ የሚ፟ገፍዘው የሚ፟ገፍዙ የም፟ትገፍዝ ሲገፍዝ ሊገፍዝ እንዲገፍዝ ይግፈዝ መግፈዝ መግፈዙ በመግፈዝ ለመግፈዝ የመግፈዝ ገፍዞ "
        "ገፍዛለ፟ች ገፍዘው "
        "ገፍዟል ገፍዘዋል ገፋዚ ገፋዚዎች፟ መግፈዚያ ተገፈ፟ዘ የተገፈ፟ዘ የተገፈ፟ዘው በተገፈ፟ዘ ይገ፟ፈ፟ዛል ይገ፟ፈ፟ዛሉ፟ የሚ፟ገ፟ፈ፟ዝ አይገ፟ፈ፟ዝም እንዲገ፟ፈ፟ዝ "
        "ሊገ፟ፈ፟ዝ ይገ፟ፈዝ መገ፟ፈዝ "
        "ተገፍዞ ተገፍዟል ተገፍዘዋል ተገፋዚ አገፈ፟ዘ ያገፍዛል አግፍዞ ማግፈዝ አስገፈ፟ዘ ያስገፍ፟ዛል አስገፍ፟ዞ ማስገፈ፟ዝ አስገፋ፟ዚ"
        " ገፈ፟ዝህ ገፈ፟ዝሽ ገፈ፟ዛችሁ ገፈ፟ዘኝ፟ ገፈ፟ዛቸ፟ው ከገፈ፟ዘ ካልገፈ፟ዘ ያልገፈ፟ዘ ያልገፈ፟ዙ አልገፈ፟ዙም ሳይገፍዙ ቢገፍዝ ቢገፍዙ ባይገፍዝ ባይገፍዙ"
        " እንዳይገፍዝ እንዳይገፍዙ ሲገፍዙ ሊገፍዙ እንዲገፍዙ ስትገፍዝ ብትገፍዝ አይገፍዙም አትገፍዝም የማ፟ይገፍዝ የማ፟ይገፍዙ እንደሚ፟ገፍዝ እንደሚ፟ገፍዙ ስለሚ፟ገፍዝ"
        " በሚ፟ገፍዝ ከሚ፟ገፍዝ ግፈዝ ግፈዙ ይግፈዙ እንግፈዝ አይግፈዝ ልግፈዝ ሳይገ፟ፈ፟ዝ ቢገ፟ፈ፟ዝ ባይገ፟ፈ፟ዝ እንዳይገ፟ፈ፟ዝ ሲገ፟ፈ፟ዝ አይገ፟ፈ፟ዙም የማ፟ይገ፟ፈ፟ዝ"
        " ያልተገፈ፟ዘ ገፋፈ፟ዘ ተገፋፈ፟ዘ ተገፋፈ፟ዙ የተገፋፈ፟ዘ የተገፋፈ፟ዙ ይገ፟ፋፈ፟ዛል ይገ፟ፋፈ፟ዛሉ፟ የሚ፟ገ፟ፋፈ፟ዙ ሲገ፟ፋፈ፟ዙ መገ፟ፋፈዝ በመገ፟ፋፈዝ ተገፋፍዞ ተገፋፍዘው"
        " ተገፋፍዘዋል አገ፟ፋፈዝ አገ፟ፋፈዙ"
    ),
    "B": (
        "ገፈ፟ዘ ገፈ፟ዙ ገፈ፟ዘች ገፈ፟ዝኩ የገፈ፟ዘ የገፈ፟ዘው የገፈ፟ዙት አልገፈ፟ዘም እየ፟ገፈ፟ዘ ሳይገፍ፟ዝ ይገፍ፟ዛል ይገፍ፟ዛሉ፟ ትገፍ፟ዛለ፟ች እገፍ፟ዛለ፟ሁ "
        "አይገፍ፟ዝም የሚ፟ገፍ፟ዝ "
        "የሚ፟ገፍ፟ዘው የሚ፟ገፍ፟ዙ ሲገፍ፟ዝ ሊገፍ፟ዝ እንዲገፍ፟ዝ ይገፍ፟ዝ መገፈ፟ዝ መገፈ፟ዙ በመገፈ፟ዝ ለመገፈ፟ዝ የመገፈ፟ዝ ገፍ፟ዞ ገፍ፟ዘው ገፍ፟ዟል ገፍ፟ዘዋል "
        "ገፋ፟ዚ ገፋ፟ዚዎች፟ መገፈ፟ዚያ "
        "ተገፈ፟ዘ የተገፈ፟ዘ የተገፈ፟ዘው ይገ፟ፈ፟ዛል ይገ፟ፈ፟ዛሉ፟ የሚ፟ገ፟ፈ፟ዝ እንዲገ፟ፈ፟ዝ ሊገ፟ፈ፟ዝ ይገ፟ፈ፟ዝ መገ፟ፈ፟ዝ ተገፍ፟ዞ ተገፍ፟ዟል ተገፍ፟ዘዋል "
        "ተገፋ፟ዚ አስገፈ፟ዘ ያስገፍ፟ዛል አስገፍ፟ዞ "
        "ማስገፈ፟ዝ አስገፋ፟ዚ"
        " ገፈ፟ዝህ ገፈ፟ዛችሁ ገፈ፟ዘኝ፟ ገፈ፟ዛቸ፟ው ከገፈ፟ዘ ካልገፈ፟ዘ ያልገፈ፟ዘ ስለገፈ፟ዘ እንደገፈ፟ዘ አልገፈ፟ዙም ሳይገፍ፟ዙ ቢገፍ፟ዝ ቢገፍ፟ዙ ባይገፍ፟ዝ"
        " እንዳይገፍ፟ዝ ሲገፍ፟ዙ ሊገፍ፟ዙ እንዲገፍ፟ዙ ስትገፍ፟ዝ አይገፍ፟ዙም የማ፟ይገፍ፟ዝ እንደሚ፟ገፍ፟ዝ ስለሚ፟ገፍ፟ዝ በሚ፟ገፍ፟ዝ ገፍ፟ዝ ገፍ፟ዙ ይገፍ፟ዙ ሳይገ፟ፈ፟ዝ"
        " ቢገ፟ፈ፟ዝ ባይገ፟ፈ፟ዝ እንዳይገ፟ፈ፟ዝ ሲገ፟ፈ፟ዝ አይገ፟ፈ፟ዝም የማ፟ይገ፟ፈ፟ዝ ያልተገፈ፟ዘ ተገፋፈ፟ዘ አገ፟ፋፈዝ"
    ),
    "C": (
        "ጋፈ፟ዘ ጋፈ፟ዙ ጋፈ፟ዘች የጋፈ፟ዘ የጋፈ፟ዘው አልጋፈ፟ዘም ይጋፍ፟ዛል ይጋፍ፟ዛሉ፟ የሚ፟ጋፍ፟ዝ ሲጋፍ፟ዝ ሊጋፍ፟ዝ እንዲጋፍ፟ዝ መጋፈዝ በመጋፈዝ ለመጋፈዝ ጋፍዞ "
        "ጋፍዘው ጋፍዟል ጋፍዘዋል ጋፋዚ "
        "ተጋፈ፟ዘ የተጋፈ፟ዘ ይጋ፟ፈ፟ዛል መጋ፟ፈዝ ተጋፍዞ"
        " ጋፈ፟ዝኩ ከጋፈ፟ዘ ያልጋፈ፟ዘ ሳይጋፍ፟ዝ ቢጋፍ፟ዝ ባይጋፍ፟ዝ እንዳይጋፍ፟ዝ አይጋፍ፟ዝም የማ፟ይጋፍ፟ዝ እንደሚ፟ጋፍ፟ዝ ጋፍዝ ይጋፍዝ መጋፈዚያ ጋፋዚዎች፟ አጋፈዝ"
    ),
    "Q": (
        "ገፈዘ፟ጠ ገፈዘ፟ጡ ገፈዘ፟ጠች የገፈዘ፟ጠ የገፈዘ፟ጠው አልገፈዘ፟ጠም እየ፟ገፈዘ፟ጠ ይገፈዝ፟ጣል ይገፈዝ፟ጣሉ፟ የሚ፟ገፈዝ፟ጥ የሚ፟ገፈዝ፟ጠው ሲገፈዝ፟ጥ ሊገፈዝ፟ጥ "
        "እንዲገፈዝ፟ጥ አይገፈዝ፟ጥም መገፍዘጥ "
        "መገፍዘጡ በመገፍዘጥ ለመገፍዘጥ ገፍዝጦ ገፍዝጠው ገፍዝጧል ገፍዝጠዋል ተገፈዘ፟ጠ የተገፈዘ፟ጠ የተገፈዘ፟ጠው ይገ፟ፈዘ፟ጣል ይገ፟ፈዘ፟ጣሉ፟ የሚ፟ገ፟ፈዘ፟ጥ "
        "መገ፟ፈዘጥ ተገፍዝጦ ተገፍዝጧል ተገፍዝጠዋል "
        "አስገፈዘ፟ጠ አስገፍዝጦ ማስገፍዘጥ"
        " ገፈዘ፟ጥኩ ከገፈዘ፟ጠ ያልገፈዘ፟ጠ ሳይገፈዝ፟ጥ ቢገፈዝ፟ጥ ባይገፈዝ፟ጥ እንዳይገፈዝ፟ጥ የማ፟ይገፈዝ፟ጥ እንደሚ፟ገፈዝ፟ጥ ገፍዝጥ ይገፍዝጥ ሳይገ፟ፈዘ፟ጥ ቢገ፟ፈዘ፟ጥ"
        " ሲገ፟ፈዘ፟ጥ እንዲገ፟ፈዘ፟ጥ አይገ፟ፈዘ፟ጥም ገፍዛጢ መገፍዘጢያ ገፍዛጢዎች፟"
        " ተገፋዘ፟ጠ ተገፋዘ፟ጡ ተገፋዘ፟ጠች የተገፋዘ፟ጠ የተገፋዘ፟ጡ ይገ፟ፋዘ፟ጣል ይገ፟ፋዘ፟ጣሉ፟ የሚ፟ገ፟ፋዘ፟ጡ ሲገ፟ፋዘ፟ጡ እንዲገ፟ፋዘ፟ጡ መገ፟ፋዘጥ በመገ፟ፋዘጥ"
        " ተገፋዝጦ ተገፋዝጠው ተገፋዝጠዋል"
    ),
    "2": (
        "ገፋ፟ ገፉ፟ ገፋ፟ች ገፋ፟ሁ ገፋ፟ን የገፋ፟ የገፋ፟ው የገፉ፟ት አልገፋ፟ም ይገፋል ይገፋሉ፟ ትገፋለ፟ች አይገፋም የሚ፟ገፋ የሚ፟ገፋው የሚ፟ገፉ ሲገፋ ሊገፋ "
        "እንዲገፋ መግፋት መግፋቱ በመግፋት ለመግፋት "
        "ገፍቶ ገፍተው ገፍቷል ገፍተዋል ተገፋ፟ የተገፋ፟ የተገፋ፟ው መገ፟ፋት ተገፍቶ ተገፍቷል አገፋ፟ ያገፋል ማግፋት አስገፋ፟ ማስገፋ፟ት"
        " ገፋ፟ህ አልገፉ፟ም ያልገፋ፟ ከገፋ፟ ካልገፋ፟ እየ፟ገፋ፟ ሳይገፋ ሳይገፉ ቢገፋ ቢገፉ ባይገፋ ባይገፉ እንዳይገፋ እንዳይገፉ ሲገፉ ሊገፉ እንዲገፉ ስትገፋ አይገፉም"
        " የማ፟ይገፋ እንደሚ፟ገፋ ስለሚ፟ገፋ በሚ፟ገፋ ግፋ ይግፋ ይግፉ ገፊ ገፊዎች፟ መግፊያ"
    ),
    "H": (
        "ገፈ ገፉ ገፈች ገፍኩ ገፍን የገፈ የገፈው የገፉት የገፈች አልገፈም እየ፟ገፈ ይገፋል ይገፋሉ፟ እገፋለ፟ሁ ትገፋለ፟ች አይገፍም የሚ፟ገፍ የሚ፟ገፈው የሚ፟ገፉ "
        "ሲገፍ ሊገፍ እንዲገፍ መገፍ መገፉ መገፉን በመገፍ "
        "ለመገፍ ገፎ ገፈው ገፏል ገፈዋል ሳይገፍ"
        " ሳይገፉ ቢገፍ ቢገፉ ባይገፍ እንዳይገፍ እንዳይገፉ ሲገፉ ሊገፉ እንዲገፉ ስትገፍ አይገፉም የማ፟ይገፍ እንደሚ፟ገፍ ከገፈ ካልገፈ ያልገፈ አስገፈ"
    ),
    "G": (
        "አፈ፟ዘ አፈ፟ዙ አፈ፟ዘች ያፈ፟ዘ ያፈ፟ዘው ያፈ፟ዙት አላፈ፟ዘም ያፍዛል ያፍዛሉ፟ የሚ፟ያፍዝ ማፈዝ ማፈዙ በማፈዝ ለማፈዝ አፍዞ አፍዘው አፍዟል አፍዘዋል አፋዚ "
        "ታፈ፟ዘ የታፈ፟ዘ ይታ፟ፈ፟ዛል መታ፟ፈዝ ታፍዞ ታፍዟል"
        " አፈ፟ዝኩ ካፈ፟ዘ ያላፈ፟ዘ ሲያፍዝ ሊያፍዝ ቢያፍዝ ሳያፍዝ ባያፍዝ እንዲያፍዝ እንዳያፍዝ አያፍዝም የማ፟ያፍዝ ማፈዚያ አፋዚዎች፟ ሲታ፟ፈ፟ዝ ቢታ፟ፈ፟ዝ ሳይታ፟ፈ፟ዝ"
        " እንዲታ፟ፈ፟ዝ"
    ),
    "W": (
        "ጋፈ ጋፉ ጋፈች ጋፍኩ የጋፈ የጋፈው የጋፉት አልጋፈም ይግፋል ይግፋሉ፟ እግፋለ፟ሁ አይግፍም የሚ፟ግፍ የሚ፟ግፈው መጋፍ መጋፉ በመጋፍ ለመጋፍ ግፎ ግፈው ግፏል ግፈዋል"
        " ሳይግፍ ቢግፍ ባይግፍ እንዳይግፍ ሲግፍ ሊግፍ እንዲግፍ ሳይግፉ ቢግፉ አይግፉም የማ፟ይግፍ ከጋፈ ያልጋፈ ጋፍ ጋፉ ይጋፍ ጋፊ ጋፊዎች፟ መጋፊያ ተጋፈ የተጋፈ"
        " የተጋፈው ይጋ፟ፋል የሚ፟ጋ፟ፍ ሲጋ፟ፍ ተግፎ አስጋፈ"
    ),
    "T": (
        "ገፋ፟ ገፉ፟ ገፋ፟ች ገፋ፟ሁ የገፋ፟ የገፋ፟ው የገፉ፟ት አልገፋ፟ም ይገፋ፟ል ይገፋ፟ሉ፟ አይገፋ፟ም የሚ፟ገፋ፟ የሚ፟ገፋ፟ው የሚ፟ገፉ፟ ሲገፋ፟ ሊገፋ፟ ቢገፋ፟ ሳይገፋ፟ ባይገፋ፟"
        " እንዲገፋ፟ እንዳይገፋ፟ መገፋ፟ት መገፋ፟ቱ በመገፋ፟ት ለመገፋ፟ት ገፍ፟ቶ ገፍ፟ተው ገፍ፟ቷል ገፍ፟ተዋል ገፊ፟ መገፊ፟ያ ተገፋ፟"
    ),
    "N": (
        "ገፈዛ፟ ገፈዙ፟ ገፈዛ፟ች የገፈዛ፟ የገፈዛ፟ው አልገፈዛ፟ም ይገፈዛ፟ል ይገፈዛ፟ሉ፟ አይገፈዛ፟ም የሚ፟ገፈዛ፟ ሲገፈዛ፟ ሊገፈዛ፟ ቢገፈዛ፟ ሳይገፈዛ፟ እንዲገፈዛ፟"
        " መገፍዛት መገፍዛቱ በመገፍዛት ለመገፍዛት ገፍዝቶ ገፍዝተው ገፍዝቷል ገፍዝተዋል ገፍዚ መገፍዚያ ተገፈዛ፟ የተገፈዛ፟ ተገፍዝቶ"
    ),
    "R": (
        "ተጋፈ፟ዘ ተጋፈ፟ዙ ተጋፈ፟ዘች የተጋፈ፟ዘ የተጋፈ፟ዙ የተጋፈ፟ዘው አልተጋፈ፟ዘም ይጋ፟ፈ፟ዛል ይጋ፟ፈ፟ዛሉ፟ የሚ፟ጋ፟ፈ፟ዝ ሲጋ፟ፈ፟ዝ ሊጋ፟ፈ፟ዝ እንዲጋ፟ፈ፟ዝ "
        "መጋ፟ፈዝ በመጋ፟ፈዝ ለመጋ፟ፈዝ ተጋፍዞ ተጋፍዘው "
        "ተጋፍዟል ተጋፍዘዋል ተጋፋዚ ተጋፋዚዎች፟ አጋ፟ፈ፟ዘ ያጋ፟ፍ፟ዛል"
        " ሳይጋ፟ፈ፟ዝ ቢጋ፟ፈ፟ዝ ባይጋ፟ፈ፟ዝ እንዳይጋ፟ፈ፟ዝ አይጋ፟ፈ፟ዝም የማ፟ይጋ፟ፈ፟ዝ ያልተጋፈ፟ዘ ከተጋፈ፟ዘ መጋ፟ፈዚያ"
    ),
}
"""The forms of each type, in the model radicals."""

# Before i these consonants become palatals, which the model radicals do not show: ከፋች, not ከፋቲ.
_PALATALS = dict(zip("ተደጠሰሠዘነለጸፀ", "ቸጀጨሸሸዠኘየጨጨ", strict=True))


# What a noun takes: the order that its last letter changes to (None: it stays), and what follows.
_AFTER_CONSONANT = ((6, "ች፟"), (6, "ቹ፟"), (6, "ቻቸ፟ው"), (1, ""), (1, "ን"), (None, "ን"), (None, "ም"), (3, "ቸ፟ው"), (3, "ች፟ን"))
_AFTER_VOWEL = ((None, "ዎች፟"), (None, "ዎቹ፟"), (None, "ው"), (None, "ውን"), (None, "ን"), (None, "ም"), (None, "ቸ፟ው"))
_BEFORE = ("የ", "በ", "ለ", "ከ", "ስለ", "እንደ")


_OWN = {kind: verbs.split() for kind, verbs in VERBS.items()}


def list_noun_forms(nouns: Iterable[str]) -> Iterator[str]:
    """Yield nouns with the endings of number, possession and case, and behind prefixes, with their geminates marked.

    The plural and the possessives of the third and first persons plural double their t͡ʃ (Leslau 1995, on the noun).
    """
    for noun in nouns:
        yield from (prefix + noun for prefix in _BEFORE)
        stem = noun.rstrip(GEMINATION)
        last, mark = stem[-1], noun[len(stem) :]
        endings = _AFTER_CONSONANT if is_sixth_order(last) else _AFTER_VOWEL
        for order, ending in endings:
            changed = last if order is None else with_order(last, order)
            yield stem[:-1] + changed + mark + ending


def list_forms(verbs: Mapping[str, Iterable[str]] = _OWN) -> Iterator[str]:
    """Yield every form of every verb, by type, with U+135F behind each doubled letter."""
    for kind, perfects in verbs.items():
        for verb in perfects:
            yield from (form for model in FORMS[kind].split() if (form := _fill(model, verb)) is not None)


def _fill(model: str, verb: str) -> str | None:
    """Return a model form with a verb's radicals in place of the model's, or None where its sounds would change."""
    radicals = dict(zip(MODEL[1:] if verb[0] == "አ" else MODEL, verb[1:] if verb[0] == "አ" else verb, strict=False))
    letters: list[str] = []
    for place, letter in enumerate(model):
        if letter == GEMINATION or SYLLABLES[letter].series not in radicals:
            letters.append(letter)
            continue
        syllable, own = SYLLABLES[letter], radicals[SYLLABLES[letter].series]
        series = SYLLABLES[own].series
        if syllable.order == 2 and series in _PALATALS:
            return _palatalise(
                "".join(letters), _PALATALS[series], model[place + 1 :], kept=SYLLABLES[verb[-1]].order == 3
            )
        if syllable.labialised:
            if chr(ord(series) + 7) not in SYLLABLES:
                return None
            letters.append(chr(ord(series) + 7))
        else:
            # A radical that is itself written with a vowel (ሄደ, ቆጠረ, ማረከ) keeps it where the model has the plain one.
            kept = SYLLABLES[own].order if syllable.order in _kept(verb, own) else syllable.order
            letters.append(with_order(own, kept))
    return "".join(letters)


def _palatalise(begun: str, palatal: str, rest: str, *, kept: bool) -> str:
    """Return a form whose last radical is a palatal before i: the i is lost in it, and before a vowel its glide.

    መራጭ, መራጮች, መምረጫ; it is kept in the agent of a verb that ends in a vowel: መቺ, but መምቻ (Leslau 1995, on agents).
    """
    mark = GEMINATION if rest.startswith(GEMINATION) else ""
    rest = rest.removeprefix(GEMINATION)
    if rest.startswith("ያ"):
        return begun + with_order(palatal, 3) + mark + rest[1:]
    if kept and palatal != "የ":
        return begun + with_order(palatal, 2) + mark + rest
    if rest.startswith("ዎች"):
        return begun + with_order(palatal, 6) + mark + rest[1:]
    return begun + with_order(palatal, 5) + mark + rest


def _kept(verb: str, own: str) -> tuple[int, ...]:
    """Return the orders of the model in which a radical keeps the order it is cited with."""
    if own != verb[0] or SYLLABLES[own].order == 0:
        return ()
    return (0, 3)
