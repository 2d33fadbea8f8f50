"""Texts of any length: continued anywhere, they are the same; manners, pauses, marks, chapters, what is not read."""

from dataclasses import replace

import numpy as np
import pytest
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.voices import any_speech, load_code_voice, tiny_voice_folder

from amhctl.audio.loudness import loudness
from amhctl.audio.pitch import find_pitch
from amhctl.core.errors import SynthesisError, TextError
from amhctl.core.units import Seconds
from amhctl.inference.assemble import load_voice
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.longtext import LineChunk, Position, Role, stream_lines
from amhctl.inference.options import SpeakOptions
from amhctl.inference.spectrogram_voice import SpectrogramVoice
from amhctl.text.lines import Line, Manner, read_lines, split_pieces
from amhctl.text.ssml import parse_ssml

TEXT = (
    "# አንድ\nሰላም ዓለም። ዛሬ ጥሩ ቀን ነው።\n\n* * *\n\n[pause:0.3s]እንዴት ናችሁ? ደህና። 好\n\n# ሁለት\nልጆች ወደ ትምህርት ቤት ሄዱ። "
    + "ሰላም። " * 9
    + "\n\n[pause:0.2s]"
)


@pytest.fixture(scope="module")
def voice(tmp_path_factory: pytest.TempPathFactory) -> CodeVoice:
    return load_code_voice(tiny_voice_folder(tmp_path_factory.mktemp("voice")))


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> SpectrogramVoice:
    return load_flow_voice(flow_voice_folder(tmp_path_factory.mktemp("flow")))


def spoken(
    voice: CodeVoice | SpectrogramVoice, text: str, after: Position | None = None, options: SpeakOptions | None = None
) -> list[LineChunk]:
    lines = read_lines(split_pieces(text), "headings")
    return list(stream_lines(Role(voice), lines, options or any_speech(seed=3), after=after))


def joined(chunks: list[LineChunk]) -> np.ndarray:
    return np.concatenate([chunk.waveform.samples for chunk in chunks])


def test_one_paragraph_sounds_as_it_does_in_one_go(voice: CodeVoice) -> None:
    text = "ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው። " + "ሰላም። " * 9
    np.testing.assert_array_equal(joined(spoken(voice, text)), voice.speak(text, any_speech(seed=3)).waveform.samples)


@pytest.mark.parametrize("kind", ["voice", "flow"])
def test_a_text_that_is_continued_anywhere_is_the_same(kind: str, request: pytest.FixtureRequest) -> None:
    voice = request.getfixturevalue(kind)
    whole = spoken(voice, TEXT)
    assert [chunk.last for chunk in whole] == [False] * (len(whole) - 1) + [True]
    for place in range(0, len(whole) - 1, 3):
        rest = spoken(voice, TEXT, after=whole[place].position)
        np.testing.assert_array_equal(joined([*whole[: place + 1], *rest]), joined(whole))
        described = [(chunk.segment, chunk.findings, chunk.chapter) for chunk in rest]
        assert described == [(chunk.segment, chunk.findings, chunk.chapter) for chunk in whole[place + 1 :]]


def test_nothing_is_spoken_again_and_no_line_is_read_before_it_is_needed(
    voice: CodeVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = spoken(voice, TEXT)
    said: list[int] = []
    attempt = CodeVoice._attempt
    monkeypatch.setattr(
        CodeVoice,
        "_attempt",
        lambda self, batch, *rest: said.extend(job.place for job in batch) or attempt(self, batch, *rest),
    )
    # Up to the end of a line; within one, those that are said together come again.
    spoken(voice, TEXT, after=whole[2].position)
    assert said == list(range(3, len(whole)))

    def lines() -> object:
        yield Line("ሰላም። ዓለም። ቀን።")
        raise AssertionError("read too far")

    first = next(stream_lines(Role(voice), lines(), any_speech()))  # type: ignore[arg-type]
    assert first.segment.text == "ሰላም።"


def test_chapters_pauses_and_silence_stand_where_they_were_written(voice: CodeVoice) -> None:
    chunks = spoken(voice, TEXT)
    assert [chunk.chapter for chunk in chunks if chunk.chapter is not None] == ["አንድ", "ሁለት"]
    assert chunks[0].chapter == "አንድ"
    pauses = {chunk.segment.text: chunk.segment.pause for chunk in chunks}
    # Before a paragraph, before a written pause, within a paragraph.
    assert (pauses["አንድ"], pauses["ዛሬ ጥሩ ቀን ነው።"], pauses["ሰላም ዓለም።"]) == (0.8, 0.3, 0.45)
    assert pauses["ደህና።"] == 0.8
    silent = chunks[-1].waveform.samples[-round(0.2 * voice.sample_rate) :]
    assert not silent.any()
    longer = spoken(voice, "ሰላም። ዓለም።\n\nቀን።", options=replace(any_speech(), pause=2.0, paragraph_pause=Seconds(0.5)))
    assert [chunk.segment.pause for chunk in longer[:2]] == [0.9, 1.0]


def test_silence_at_the_beginning_is_silence(voice: CodeVoice) -> None:
    plain, late = (joined(spoken(voice, text)) for text in ("ሰላም።", "[pause:0.5s]ሰላም።"))
    assert late.size - plain.size == pytest.approx(0.475 * voice.sample_rate, abs=0.03 * voice.sample_rate)


def test_what_is_not_spoken_is_found_and_nothing_at_all_is_refused(voice: CodeVoice) -> None:
    codes = [(finding.code, finding.subject) for chunk in spoken(voice, TEXT) for finding in chunk.findings]
    place = TEXT.index("好")
    assert codes == [
        ("T003", f"text, character {TEXT.index('*') + 1}"),
        ("T002", f"text, characters {place}-{place + 1}"),
    ]
    for text in ("* * *\n\n...", "", "\n", "።"):
        with pytest.raises(TextError, match="nothing speakable"):
            spoken(voice, text)


def test_phones_in_brackets_that_are_none_are_a_finding_and_the_words_are_spoken(voice: CodeVoice) -> None:
    for text, place in (("ሰላም [[ ዓለም።", 5), ("ሰላም[[xyz]] ዓለም።", 4), ("ሰላም ]] [[a]] ዓለም።", 8)):
        (chunk,) = spoken(voice, text)
        assert chunk.segment.text.replace("፣", "") == "ሰላም ዓለም።"
        assert [(one.code, one.subject) for one in chunk.findings] == [("T004", f"text, character {place}")]
    (chunk,) = spoken(voice, "ገና[[ɡənna]]")
    assert (chunk.segment.text, chunk.findings) == ("ገና[[ɡənna]]", ())


def test_too_much_that_is_not_read_is_refused_and_a_heading_alone_is_not(voice: CodeVoice) -> None:
    amharic = "ሰላም ዓለም ዛሬ ጥሩ ቀን ነው። " * 9
    assert spoken(voice, f"ሰላም Глава\n\n{amharic}")
    for text in ("ሰላም Глава", f"{amharic}\n\n" + "Глава " * 20):
        with pytest.raises(TextError, match="of the letters cannot be read: 'Глава"):
            spoken(voice, text)
    assert spoken(voice, "ሰላም Глава", options=replace(any_speech(), most_unspoken=1.0))


def test_a_line_is_spoken_in_its_manner(flow: SpectrogramVoice) -> None:
    def said(manner: Manner) -> LineChunk:
        (chunk,) = stream_lines(Role(flow), [Line("ሰላም ዓለም።", manner=manner)], any_speech())
        return chunk

    plain = said(Manner())
    assert plain.findings == ()
    assert said(Manner(speed=0.5)).segment.seconds > 1.5 * plain.segment.seconds
    for manner in (Manner(pitch=3.0), Manner(voice="m02"), Manner(volume=-6.0)):
        chunk = said(manner)
        assert chunk.findings == ()
        assert not np.array_equal(chunk.waveform.samples, plain.waveform.samples)
    quiet = np.abs(said(Manner(volume=-20.0)).waveform.samples).max()
    assert quiet < 0.2 * np.abs(plain.waveform.samples).max()


def test_what_a_voice_cannot_follow_is_a_finding(flow: SpectrogramVoice, voice: CodeVoice) -> None:
    def found(voice: CodeVoice | SpectrogramVoice, manner: Manner) -> list[str]:
        (chunk,) = stream_lines(Role(voice), [Line("ሰላም።", manner=manner)], any_speech())
        return [f"{finding.code} {finding.message}" for finding in chunk.findings]

    assert found(flow, Manner(voice="nobody")) == ["S020 there is no voice 'nobody'"]
    assert found(flow, Manner(speed=9.0)) == ["S020 a speed of 9 is spoken at 2"]
    assert found(flow, Manner(pitch=40.0)) == ["S020 a pitch of +40 semitones is spoken at +12"]
    assert found(flow, Manner(volume=-90.0)) == ["S020 a volume of -90 dB is spoken at -40"]
    assert found(voice, Manner(pitch=2.0)) == ["S020 the voice has no pitch to change"]


SENTENCE = "የኢትዮጵያ ትልቅ ከተማ አዲስ አበባ ናት።"


def marked(voice: CodeVoice | SpectrogramVoice, inside: str, options: SpeakOptions | None = None) -> list[LineChunk]:
    return [*stream_lines(Role(voice), parse_ssml(f"<speak>{inside}</speak>"), options or any_speech(seed=3))]


def test_prosody_that_changes_nothing_changes_no_sample(flow: SpectrogramVoice) -> None:
    none = '<prosody rate="100%" pitch="+0st" volume="default">'
    plain = joined(marked(flow, SENTENCE))
    inside = SENTENCE.replace("ትልቅ ከተማ", f"{none}ትልቅ</prosody> {none}ከተማ</prosody>")
    np.testing.assert_array_equal(joined(marked(flow, inside)), plain)
    np.testing.assert_array_equal(joined(marked(flow, f"{none}{SENTENCE}</prosody>")), plain)


@pytest.mark.parametrize("change", [{"speed": 0.8}, {"pitch": 2.0}, {"volume": -6.0}, {"speed": 1.6, "pitch": -1.5}])
def test_two_halves_in_one_manner_are_the_whole_in_it_and_as_with_options(
    flow: SpectrogramVoice, change: dict[str, float]
) -> None:
    speed, pitch, volume = change.get("speed", 1.0), change.get("pitch", 0.0), change.get("volume", 0.0)
    manner = f'<prosody rate="{speed}" pitch="{pitch:+}st" volume="{volume:+}dB">'
    halves = SENTENCE.replace("ከተማ", f"ከተማ </prosody>{manner}")
    whole = joined(marked(flow, f"{manner}{SENTENCE}</prosody>"))
    np.testing.assert_array_equal(joined(marked(flow, f"{manner}{halves}</prosody>")), whole)
    np.testing.assert_array_equal(joined(marked(flow, SENTENCE, replace(any_speech(seed=3), **change))), whole)  # type: ignore[arg-type]
    # So is a sentence of a paragraph that is otherwise said in another manner.
    first, second = marked(flow, f"ሰላም። {manner}{SENTENCE}</prosody>")
    alike = [*stream_lines(Role(flow), [Line(f"ሰላም። {SENTENCE}")], replace(any_speech(seed=3), **change))]  # type: ignore[arg-type]
    assert second.segment.seconds == alike[1].segment.seconds
    assert first.segment.seconds == marked(flow, "ሰላም። " + SENTENCE)[0].segment.seconds


def test_prosody_inside_a_sentence_is_one_segment(flow: SpectrogramVoice) -> None:
    (plain,) = marked(flow, SENTENCE)
    inside = SENTENCE.replace("አዲስ አበባ", '<prosody rate="50%">አዲስ <mark name="here"/>አበባ</prosody>')
    (slow,) = marked(flow, inside)
    assert slow.segment.text == plain.segment.text
    lengths = [
        [word.end - word.start for word in chunk.segment.words if word.text.strip("።")] for chunk in (plain, slow)
    ]
    ratios = np.array(lengths[1]) / np.array(lengths[0])
    np.testing.assert_allclose(ratios, [1.0, 1.0, 1.0, 2.0, 2.0, 1.0], rtol=0.25)
    assert [(name, time) for name, time in slow.segment.marks] == [("here", slow.segment.words[4].start)]
    assert not slow.findings


def test_volume_inside_a_sentence_leaves_the_rest_as_it_is(flow: SpectrogramVoice) -> None:
    (plain,) = marked(flow, SENTENCE)
    (soft,) = marked(flow, SENTENCE.replace("ትልቅ", '<prosody volume="-12dB">ትልቅ</prosody>'))
    rate = flow.sample_rate

    def level(chunk: LineChunk, place: int) -> float:
        word = chunk.segment.words[place]
        samples = chunk.waveform.samples[round(word.start * rate) : round(word.end * rate)]
        return 20.0 * float(np.log10(np.sqrt(np.mean(np.square(samples)))))

    softer = [level(soft, place) - level(plain, place) for place in range(6)]
    np.testing.assert_allclose(softer, [0.0, -12.0, 0.0, 0.0, 0.0, 0.0], atol=1.0)


def test_pitch_inside_a_sentence_is_that_of_its_words() -> None:
    voice = load_voice("m01")
    inside = SENTENCE.replace("ከተማ", '<prosody pitch="+6st">ከተማ</prosody>')
    rate = voice.sample_rate

    def pitch(chunks: list[LineChunk]) -> float:
        (chunk,) = chunks
        word = chunk.segment.words[2]
        samples = chunk.waveform.samples[round(word.start * rate) : round(word.end * rate)]
        found = find_pitch(samples, rate, 160, floor=60.0, ceiling=400.0)
        return float(np.median(found[found > 0]))

    higher = pitch(marked(voice, inside, SpeakOptions())) / pitch(marked(voice, SENTENCE, SpeakOptions()))
    assert 12.0 * np.log2(higher) == pytest.approx(6.0, abs=0.5)
    (plain,), (moved,) = marked(voice, SENTENCE, SpeakOptions()), marked(voice, inside, SpeakOptions())
    before = slice(0, round(plain.segment.words[1].end * rate) - rate // 50)
    gain = 10.0 ** (loudness(moved.waveform) / 20.0 - loudness(plain.waveform) / 20.0)
    np.testing.assert_allclose(moved.waveform.samples[before], plain.waveform.samples[before], atol=0.01 * gain)


def test_a_voice_that_cannot_bend_speaks_in_parts(voice: CodeVoice) -> None:
    inside = 'ሰላም <prosody volume="-20dB">ዓለም <mark name="a"/>ዛሬ</prosody> ቀን ነው።'
    chunks = marked(voice, inside)
    assert [chunk.segment.written for chunk in chunks] == ["ሰላም", "ዓለም ዛሬ", "ቀን ነው።"]
    assert [len(chunk.segment.marks) for chunk in chunks] == [0, 1, 0]
    lines = [Line("ሰላም "), Line("ዓለም ዛሬ", manner=Manner(volume=-20.0)), Line(" ቀን ነው።")]
    parts = stream_lines(Role(voice), lines, any_speech(seed=3))
    np.testing.assert_array_equal(joined(chunks), joined([*parts]))
    rest = stream_lines(
        Role(voice), parse_ssml(f"<speak>{inside}</speak>"), any_speech(seed=3), after=chunks[0].position
    )
    np.testing.assert_array_equal(joined([chunks[0], *rest]), joined(chunks))


@pytest.mark.parametrize("between", ["[pause:40s] [pause:50s]", "[pause:60s]" * 900])
def test_pauses_in_a_row_are_no_longer_than_one(flow: SpectrogramVoice, between: str) -> None:
    """Ten thousand characters of pauses would be fifteen hours of silence, held in memory."""
    chunks = spoken(flow, f"ሰላም።{between}ዓለም።{between}")
    seconds = sum(chunk.waveform.duration for chunk in chunks)
    assert 120.0 < seconds < 124.0
    faults = [finding.message for chunk in chunks for finding in chunk.findings]
    assert faults == ["pauses in a row are cut to 60 s"] * 2


def test_another_voice_speaks_at_the_rate_of_the_first(flow: SpectrogramVoice, voice: CodeVoice) -> None:
    lines = [Line("ሰላም።"), Line("ዓለም።", manner=Manner(voice="other"))]
    chunks = list(stream_lines(Role(flow), lines, any_speech(), cast={"other": Role(voice)}))
    assert {chunk.waveform.sample_rate for chunk in chunks} == {flow.sample_rate}
    alone = list(stream_lines(Role(flow), lines, any_speech()))
    assert not np.array_equal(joined(chunks), joined(alone))


def test_options_of_the_other_kind_are_refused(voice: CodeVoice) -> None:
    with pytest.raises(SynthesisError, match="--pitch"):
        next(stream_lines(Role(voice), [Line("ሰላም።")], replace(any_speech(), pitch=2.0)))


def test_louder_than_fits_is_a_finding(flow: SpectrogramVoice) -> None:
    (chunk,) = stream_lines(Role(flow), [Line("ሰላም ዓለም።")], replace(any_speech(), volume=6.0))
    assert [finding.code for finding in chunk.findings] in ([], ["S019"])
    assert np.abs(chunk.waveform.samples).max() <= 1.0
