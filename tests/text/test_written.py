"""Twin of ``text/written.py``."""

import pytest

from amhctl.text.written import split_written


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("ሰላም ነው። እንዴት ነህ?", ("ሰላም ነው።", "እንዴት ነህ?")),
        ("ሰላም ነው፡፡ ደህና ነው:: ጤና", ("ሰላም ነው፡፡", "ደህና ነው::", "ጤና")),
        ("በ2016 ዓ.ም. ሆነ። 3.5 ኪሎ", ("በ2016 ዓ.ም. ሆነ።", "3.5 ኪሎ")),
        ("አሁን ሄደ. መጣ!", ("አሁን ሄደ.", "መጣ!")),
        ("«እንዴት ነህ?» አለ። ሄደ።", ("«እንዴት ነህ?» አለ።", "ሄደ።")),
        ('ሄደ ። ሰላም ነው ። "', ("ሄደ ።", 'ሰላም ነው ። "')),
        ("ሰላም።ሄደ።", ("ሰላም።ሄደ።",)),
        ("  ", ()),
        ("...", ("...",)),
    ],
)
def test_sentences_are_as_they_were_written(text: str, sentences: tuple[str, ...]) -> None:
    assert split_written(text) == sentences
