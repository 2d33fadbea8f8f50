"""SSML: what each element makes, what is not understood, and documents that attack."""

import time

import pytest

from amhctl.core.errors import TextError
from amhctl.text.ssml import parse_ssml


def said(inside: str) -> list[str]:
    return [" ".join(line.text.split()) for line in parse_ssml(f"<speak>{inside}</speak>") if line.text]


def faults(inside: str) -> list[str]:
    return [finding.message for line in parse_ssml(f"<speak>{inside}</speak>") for finding in line.findings]


def test_breaks_are_silence_before_what_follows() -> None:
    lines = parse_ssml(
        '<speak>አንድ<break time="500ms"/>ሁለት<break strength="strong"/><break time="1s"/>ሦስት<break/></speak>'
    )
    assert [(line.text, line.before) for line in lines] == [("አንድ", None), ("ሁለት", 0.5), ("ሦስት", 1.8), ("", 0.4)]


def test_sentences_and_paragraphs_end_lines() -> None:
    lines = parse_ssml("<speak><p><s>አንድ</s><s>ሁለት።</s></p><p>ሦስት</p>አራት</speak>")
    assert [(line.text, line.paragraph) for line in lines] == [
        ("አንድ።", True), ("ሁለት።", False), ("ሦስት", True), ("አራት", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("attribute", "field", "value"),
    [
        ('rate="slow"', "speed", 0.75), ('rate="80%"', "speed", 0.8), ('rate="+20%"', "speed", 1.2),
        ('rate="1.5"', "speed", 1.5), ('pitch="+2st"', "pitch", 2.0), ('pitch="-50%"', "pitch", -12.0),
        ('pitch="x-high"', "pitch", 6.0), ('volume="-6dB"', "volume", -6.0), ('volume="loud"', "volume", 3.0),
    ],
)  # fmt: skip
def test_prosody_is_a_manner(attribute: str, field: str, value: float) -> None:
    (line,) = parse_ssml(f"<speak>ሀ <prosody {attribute}>ለ</prosody> ሐ</speak>")
    (_, before), (place, inside), (end, after) = line.shifts
    assert getattr(inside, field) == pytest.approx(value)
    assert before == after == line.manner != inside
    assert (line.text[place:end], line.text[end:]) == ("ለ", " ሐ")
    (whole,) = parse_ssml(f"<speak><prosody {attribute}>ሀ <p/>ለ</prosody></speak>")[:1]
    assert (whole.manner, whole.shifts) == (inside, ())


def test_prosody_of_one_manner_or_of_none_is_no_shift() -> None:
    (plain,) = parse_ssml("<speak>ሀለ ሐ</speak>")
    assert parse_ssml('<speak>ሀ<prosody rate="100%" pitch="+0st">ለ</prosody> ሐ</speak>') == (plain,)
    (halves,) = parse_ssml('<speak><prosody rate="2">ሀለ </prosody><prosody rate="2">ሐ</prosody> </speak>')
    assert (halves.manner.speed, halves.shifts, halves.text.strip()) == (2.0, (), "ሀለ ሐ")


def test_where_prosody_changes_a_word_ends_but_a_mark_stays_with_it() -> None:
    assert said('ሀ<prosody rate="2">ለ</prosody><prosody pitch="+1st">ሐ</prosody>።') == ["ሀ ለ ሐ።"]
    (line,) = parse_ssml('<speak>ሀ<prosody rate="2"><mark name="m"/>ለ</prosody></speak>')
    assert [start for start, _ in line.shifts] == [0, 1]


def test_manners_add_up_and_a_voice_goes_with_its_text() -> None:
    inner = '<voice name="v"><prosody rate="2" pitch="+1st">ለ</prosody></voice>'
    one, two, three = parse_ssml(f'<speak><prosody rate="0.5" pitch="+2st">ሀ{inner}ሐ</prosody></speak>')
    assert (two.manner.speed, two.manner.pitch, two.manner.voice) == (1.0, 3.0, "v")
    assert one.manner == three.manner


def test_words_are_said_as_asked_for() -> None:
    assert said('<say-as interpret-as="ordinal">21</say-as>') == ["ሃያ አንደኛ"]
    assert said('<sub alias="ዓለም አቀፍ">ዓ.አ</sub> ነው') == ["ዓለም አቀፍ ነው"]
    assert said('<phoneme alphabet="ipa" ph="ˈɡənːa">ገና</phoneme> ነው') == ["ገና[[ɡənna]] ነው"]


def test_marks_know_their_place() -> None:
    line, other = parse_ssml('<speak>አንድ <mark name="a"/>ሁለት<break/> <mark name="b"/>ሦስት<mark name="c"/></speak>')
    assert line.marks == ((4, "a"),)
    assert line.text[4:] == "ሁለት"
    assert [name for _, name in other.marks] == ["b", "c"]


@pytest.mark.parametrize(
    ("inside", "spoken"),
    [
        ("ሀ<audio src='x'>ለ</audio>", ["ሀለ"]),
        ("ሀ<amazon:effect name='whispered'>ለ</amazon:effect>", ["ሀለ"]),
        ("ሀ<metadata>secret</metadata>", ["ሀ"]),
        ("ሀ<break time='5 minutes'/>", ["ሀ"]),
        ("ሀ<break time='1h'/>", ["ሀ"]),
        ("ሀ<mark/>", ["ሀ"]),
        ("<prosody rate='-200%'>ሀ</prosody>", ["ሀ"]),
        ("<prosody contour='(0%,+20Hz)'>ሀ</prosody>", ["ሀ"]),
        ("<prosody pitch='200Hz'>ሀ</prosody>", ["ሀ"]),
        ("<say-as interpret-as='cardinal'>ሀ</say-as>", ["ሀ"]),
        ("<say-as interpret-as='poem'>ሀ</say-as>", ["ሀ"]),
        ("<phoneme ph='xyz'>ሀ</phoneme>", ["ሀ"]),
        ("<phoneme ph='a'>ሀ ለ</phoneme>", ["ሀ ለ"]),
        ("<phoneme alphabet='x-sampa' ph='a'>ሀ</phoneme>", ["ሀ"]),
        ("<sub>ሀ</sub>", ["ሀ"]),
        ("<voice gender='female'>ሀ</voice>", ["ሀ"]),
        ("<p xml:lang='fr'>ሀ</p>", ["ሀ"]),
    ],
)
def test_what_is_not_understood_is_one_finding_and_never_spoken(inside: str, spoken: list[str]) -> None:
    assert said(inside) == spoken
    assert len(faults(inside)) == 1


def test_a_fault_is_reported_once_with_its_line() -> None:
    (line,) = parse_ssml("<speak>ሀ\n<foo>ለ</foo>\n<foo>ሐ</foo></speak>", "a.ssml")
    assert [(finding.code, finding.subject) for finding in line.findings] == [("T004", "a.ssml, line 2")]


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><speak>&b;</speak>'


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (BOMB, "document type or entities"),
        ('<!DOCTYPE speak SYSTEM "file:///etc/passwd"><speak>ሀ</speak>', "document type or entities"),
        ("<speak>" * 100_000, "nested more than 64 deep"),
        ("<speak>" + "<break/>" * 100_001 + "</speak>", "more than 100,000 elements"),
        (f"<speak><mark name='{'x' * 5000}'/></speak>", "longer than 1,000 characters"),
        (f"<speak><{'x' * 5000}/></speak>", "longer than 1,000 characters"),
        ("<speak>", "not well-formed"),
        ("<speak>&nbsp;</speak>", "not well-formed"),
        ("<speak>a < b</speak>", "not well-formed"),
        ("<speak>\x00</speak>", "not well-formed"),
        ("ሰላም", "not well-formed"),
        ("", "not well-formed"),
        ("<html/>", "first element is <html>"),
    ],
    ids=range(13),
)  # fmt: skip
def test_documents_that_attack_are_refused(document: str, message: str) -> None:
    begun = time.process_time()
    with pytest.raises(TextError, match=message):
        parse_ssml(document)
    assert time.process_time() - begun < 5.0


def test_thousands_of_faults_are_a_hundred_findings() -> None:
    assert len(faults("".join(f"<x{number}/>" for number in range(5000)))) == 100
