"""``speak``: files of every format, standard output, bad input and refusals. The random voice is let out unjudged."""

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from support.speechlike import vowel_train
from support.voices import ANYTHING, tiny_voice_folder

from amhctl import __version__
from amhctl.audio import files
from amhctl.checkpoint.manifest import Licence
from amhctl.core.errors import (
    AudioError,
    ConfigError,
    FileExistsRefused,
    MissingExtra,
    PlaybackError,
    ShortageError,
    SynthesisError,
    TextError,
    UnspeakableError,
)
from amhctl.core.progress import SilentProgress
from amhctl.inference import code_voice as voice_module
from amhctl.inference.assemble import load_voice
from amhctl.inference.code_voice import CodeVoice
from amhctl.workflows import speak
from amhctl.workflows.speak import SpeakReport, SpeakRequest, StreamReport
from amhctl.workflows.speak_journal import Journal


@pytest.fixture(scope="module")
def voice_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_voice_folder(tmp_path_factory.mktemp("voice"))


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Judge nothing: the checks have their own tests, and random weights do not speak."""
    monkeypatch.setattr(voice_module, "judge", lambda *_args, **_kwargs: ())


def request_of(voice_folder: Path, output: Path | None, **changes: Any) -> SpeakRequest:
    """Return a request; a change goes to the part of it that has a field of that name."""
    request = SpeakRequest(text="ሰላም ዓለም።", output=output, voice=str(voice_folder), device="cpu")
    for name, value in changes.items():
        for part in ("options", "clips"):
            if hasattr(getattr(request, part), name):
                request = replace(request, **{part: replace(getattr(request, part), **{name: value})})
                break
        else:
            request = replace(request, **{name: value})
    return request


def spoken(request: SpeakRequest) -> SpeakReport:
    report = speak.run(request, SilentProgress())
    assert isinstance(report, SpeakReport)
    return report


def streamed(request: SpeakRequest) -> bytes:
    report = speak.run(request, SilentProgress())
    assert isinstance(report, StreamReport)
    return b"".join(report.raw)


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_the_suffix_chooses_the_format(voice_folder: Path, tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"out.{suffix}"
    report = spoken(request_of(voice_folder, output))
    assert files.read(output).duration == pytest.approx(report.seconds, abs=0.15)
    assert report.ok
    assert report.raw is None
    payload = report.payload()
    assert set(payload) >= {"seconds", "realtime_factor", "segments", "checks"}


@pytest.mark.usefixtures("lenient")
@pytest.mark.usefixtures("lenient")
def test_a_voice_that_forbids_commercial_use_is_refused_where_it_is_asked_for(
    voice_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, project = tmp_path / "out.wav", tmp_path / "project"
    project.mkdir()
    (project / "amhctl.toml").write_text("[licence]\ncommercial = true\n", encoding="utf-8")
    request = request_of(voice_folder, output)
    asked = (replace(request, commercial=True), replace(request, project=project))
    for each in asked:
        assert speak.run(replace(each, force=True), SilentProgress()).ok
    output.unlink()
    monkeypatch.setattr(CodeVoice, "licences", (Licence(work="a corpus", licence="CC-BY-NC-4.0"),))
    for each in asked:
        with pytest.raises(ConfigError, match=r"forbid it: a corpus \(CC-BY-NC-4\.0\)"):
            speak.run(each, SilentProgress())
    assert not output.exists()
    assert speak.run(request, SilentProgress()).ok


def test_a_lexicon_says_how_a_word_is_read(voice_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_text("CBE\tሲ ቢ ኢ ነው\n", encoding="utf-8")
    asked = request_of(voice_folder, None, format="flac", text="CBE", lexicons=(tmp_path / "names.tsv",))
    assert [segment.text for segment in spoken(asked).segments] == ["ሲ ቢ ኢ ነው"]
    (tmp_path / "amhctl.toml").write_text('[paths]\nlexicons = ["names.tsv"]\n', encoding="utf-8")
    project = request_of(voice_folder, None, format="flac", text="CBE", project=tmp_path)
    assert [segment.text for segment in spoken(project).segments] == ["ሲ ቢ ኢ ነው"]


@pytest.mark.usefixtures("lenient")
def test_the_same_request_writes_the_same_bytes(voice_folder: Path, tmp_path: Path) -> None:
    for suffix in ("wav", "flac", "ogg", "mp3"):
        for name in ("one", "two"):
            speak.run(request_of(voice_folder, tmp_path / f"{name}.{suffix}", seed=5), SilentProgress())
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes(), suffix


@pytest.mark.usefixtures("lenient")
def test_a_file_says_what_it_is(voice_folder: Path, tmp_path: Path) -> None:
    output, clip = tmp_path / "out.flac", tmp_path / "clip.wav"
    files.write(clip, vowel_train())
    speak.run(request_of(voice_folder, output, reference=clip), SilentProgress())
    with soundfile.SoundFile(output) as sound:
        assert (sound.title, sound.artist, sound.comment) == (
            "ሰላም ዓለም።",
            "tiny (like the speaker of a clip)",
            "synthetic speech",
        )
        assert sound.software.startswith(f"amhctl {__version__}")
        assert str(clip) not in "".join(sound.copy_metadata().values())
    speak.run(request_of(voice_folder, output, force=True), SilentProgress())
    with soundfile.SoundFile(output) as sound:
        assert sound.artist == "tiny"


@pytest.mark.usefixtures("lenient")
def test_each_way_of_drawing_changes_what_is_said_and_none_is_the_default_one(
    voice_folder: Path, tmp_path: Path
) -> None:
    def said(**changes: Any) -> bytes:
        return streamed(request_of(voice_folder, None, **changes))

    usual = said()
    voice = load_voice(str(voice_folder))
    several = voice.sampling(voice.default_takes)  # type: ignore[union-attr]
    spelt_out = {"temperature": several.temperature, "top_k": several.top_k, "top_p": several.top_p, "guidance": 0.0}
    assert said(takes=voice.default_takes, **spelt_out) == usual  # type: ignore[union-attr]
    for change in ({"takes": 1}, {"temperature": 1.5}, {"top_k": 1}, {"top_p": 0.1}):
        assert said(**change) != usual
    guided = tiny_voice_folder(tmp_path, guided=True)
    assert said(voice=str(guided), guidance=9.0) != said(voice=str(guided))


@pytest.mark.usefixtures("lenient")
def test_standard_output_gets_the_samples_of_the_file_piece_by_piece(voice_folder: Path, tmp_path: Path) -> None:
    text = "ሰላም ዓለም። ዛሬ ጥሩ ቀን ነው። ሰላም።"
    spoken(request_of(voice_folder, tmp_path / "a.wav", text=text))
    spoken(request_of(voice_folder, tmp_path / "a.pcm", text=text))
    pieces: dict[str, list[bytes]] = {}
    for name in ("wav", "pcm"):
        report = speak.run(request_of(voice_folder, None, text=text, format=name), SilentProgress())
        assert isinstance(report, StreamReport)
        pieces[name] = list(report.raw)
    assert [len(pieces[name]) for name in ("wav", "pcm")] == [4, 3]
    pcm = b"".join(pieces["pcm"])
    assert pcm == (tmp_path / "a.pcm").read_bytes()
    assert (tmp_path / "a.wav").read_bytes().endswith(pcm)
    assert pieces["wav"][0][:4] == b"RIFF"
    assert b"".join(pieces["wav"][1:]) == pcm


@pytest.mark.usefixtures("lenient")
def test_what_is_found_while_a_stream_is_spoken_is_known_after_it(voice_folder: Path) -> None:
    text = "ሰላም ዓለም 好 እንዴት ናችሁ ሁላችሁም።"
    report = speak.run(request_of(voice_folder, None, text=text), SilentProgress())
    assert isinstance(report, StreamReport)
    assert (report.payload(), list(report.lines()), report.ok) == ({}, [], True)
    b"".join(report.raw)
    assert [finding.code for finding in report.findings] == ["T002"]


@pytest.mark.usefixtures("lenient")
def test_speech_is_played_while_it_is_made_and_may_be_kept_too(
    voice_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = tmp_path / "aplay"
    player.write_text(f"#!/bin/sh\ncat > {tmp_path}/heard\n")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("shutil.which", lambda name: str(player) if name == "aplay" else None)
    report = spoken(request_of(voice_folder, None, play=True))
    payload = report.payload()
    assert (payload["output"], payload["played_by"], report.raw) == (None, "aplay", None)
    assert next(iter(report.lines())).startswith("aplay: ")
    heard = (tmp_path / "heard").read_bytes()
    both = spoken(request_of(voice_folder, tmp_path / "out.pcm", play=True))
    assert (both.payload()["output"], both.player) == (str(tmp_path / "out.pcm"), "aplay")
    assert (tmp_path / "out.pcm").read_bytes() == heard == (tmp_path / "heard").read_bytes()


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("script", ["echo no device >&2; exit 1", "cat > /dev/null; echo no device >&2; exit 1"])
def test_a_player_that_fails_does_not_cost_the_file(
    voice_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    player = tmp_path / "aplay"
    player.write_text(f"#!/bin/sh\n{script}\n")
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("shutil.which", lambda name: str(player) if name == "aplay" else None)
    spoken(request_of(voice_folder, tmp_path / "alone.pcm"))
    with pytest.raises(PlaybackError, match="no device") as caught:
        spoken(request_of(voice_folder, tmp_path / "out.pcm", play=True))
    assert f"all of the speech is in {tmp_path / 'out.pcm'}" in caught.value.hint
    assert (tmp_path / "out.pcm").read_bytes() == (tmp_path / "alone.pcm").read_bytes()
    with pytest.raises(PlaybackError, match="no device"):
        spoken(request_of(voice_folder, None, play=True))


def test_without_a_player_nothing_is_loaded(voice_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(speak, "load_voice")
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(AudioError, match="no program that plays sound"):
        speak.run(request_of(voice_folder, None, play=True), SilentProgress())


@pytest.mark.usefixtures("lenient")
def test_text_from_a_file_and_a_speaker_from_a_clip(voice_folder: Path, tmp_path: Path) -> None:
    text, clip, output = tmp_path / "text.txt", tmp_path / "clip.wav", tmp_path / "out.wav"
    text.write_text("\ufeffሰላም ዓለም።\nዛሬ ጥሩ ቀን ነው።\n", encoding="utf-8")
    files.write(clip, vowel_train())
    report = spoken(request_of(voice_folder, output, text=None, file=text, reference=clip))
    assert len(report.segments) == 2


def test_noise_is_withheld_and_nothing_is_written(voice_folder: Path, tmp_path: Path) -> None:
    strict = replace(ANYTHING, lowest_level=200.0)
    with pytest.raises(UnspeakableError):
        speak.run(request_of(voice_folder, tmp_path / "out.wav", limits=strict), SilentProgress())
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept(voice_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.wav"
    output.write_bytes(b"mine")
    with pytest.raises(FileExistsRefused):
        speak.run(request_of(voice_folder, output), SilentProgress())
    assert output.read_bytes() == b"mine"


@pytest.mark.parametrize("text", ["", "   ", "?!"])
def test_nothing_to_say_is_refused(voice_folder: Path, tmp_path: Path, text: str) -> None:
    with pytest.raises(TextError):
        speak.run(request_of(voice_folder, tmp_path / "out.wav", text=text), SilentProgress())


def test_bad_files_are_refused(voice_folder: Path, tmp_path: Path) -> None:
    latin = tmp_path / "latin.txt"
    latin.write_bytes(b"\xff\xfe\xfa")
    for path in (latin, tmp_path / "missing.txt", tmp_path):
        with pytest.raises(TextError):
            speak.run(request_of(voice_folder, tmp_path / "out.wav", text=None, file=path), SilentProgress())
    with pytest.raises(AudioError):
        speak.run(request_of(voice_folder, tmp_path / "out.xyz"), SilentProgress())
    with pytest.raises(AudioError):
        speak.run(request_of(voice_folder, tmp_path / "out.wav", reference=latin), SilentProgress())


@pytest.mark.usefixtures("lenient")
def test_a_reference_is_looked_at_and_the_consent_of_its_speaker_asked_for(voice_folder: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.wav"
    files.write(clip, vowel_train(seconds=1.2))
    report = spoken(request_of(voice_folder, tmp_path / "out.wav", reference=clip))
    assert [(finding.code, finding.subject) for finding in report.findings] == [
        ("S018", str(clip)),
        ("S011", str(clip)),
    ]
    assert report.aside == report.findings
    assert "permission" in report.findings[0].message
    plain = spoken(request_of(voice_folder, tmp_path / "plain.wav"))
    assert (plain.findings, plain.aside) == ((), ())


@pytest.mark.parametrize(("seconds", "gain", "code"), [(0.3, 1.0, "S010"), (2.0, 0.0, "S009")])
def test_an_unusable_reference_is_refused_before_a_voice_is_loaded(
    voice_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, gain: float, code: str
) -> None:
    monkeypatch.delattr(speak, "load_voice")
    clip = tmp_path / "clip.wav"
    spoken = vowel_train(seconds=seconds)
    files.write(clip, replace(spoken, samples=spoken.samples * np.float32(gain)))
    with pytest.raises(SynthesisError) as refusal:
        speak.run(request_of(voice_folder, tmp_path / "out.wav", reference=clip), SilentProgress())
    assert [finding.code for finding in refusal.value.findings] == [code]
    assert refusal.value.subject == str(clip)
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.usefixtures("lenient")
def test_emotion_changes_the_sound_by_its_strength_and_is_refused_where_there_is_none(
    voice_folder: Path, tmp_path: Path
) -> None:
    feeling = tiny_voice_folder(tmp_path, emotion=True, name="feeling")
    clip = tmp_path / "clip.wav"
    files.write(clip, vowel_train(seconds=1.2, pitch=250.0))
    raw = [
        spoken(request_of(feeling, None, format="flac", **given))
        for given in ({}, {"emotion": clip}, {"emotion": clip, "emotion_strength": 0.0})
    ]
    assert raw[0].raw != raw[1].raw
    assert raw[0].raw == raw[2].raw
    # Nobody is imitated: what is said of the clip is what was found in it.
    assert [finding.code for finding in raw[1].aside] == ["S011"]
    for voice in (str(voice_folder), "m01"):
        with pytest.raises(SynthesisError, match="no emotion branch"):
            speak.run(request_of(voice_folder, None, voice=voice, emotion=clip), SilentProgress())


LONG = "# አንድ\nሰላም ዓለም። ዛሬ ጥሩ ቀን ነው።\n\n# ሁለት\nልጆች ወደ ትምህርት ቤት ሄዱ። ሰላም።\n"


def file_of(folder: Path, content: str = LONG, name: str = "text.txt") -> Path:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.usefixtures("lenient")
@pytest.mark.parametrize("suffix", ["wav", "mp3"])
def test_an_interrupted_render_of_a_file_is_resumed_with_the_same_bytes(
    voice_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    file = file_of(tmp_path)
    request = request_of(voice_folder, tmp_path / f"whole.{suffix}", text=None, file=file, chapters="headings")
    request = replace(request, subtitles=tmp_path / "whole.vtt")
    whole = spoken(request)
    cut = replace(request, output=tmp_path / f"cut.{suffix}", subtitles=tmp_path / "cut.vtt")
    add, added = Journal.add, []

    def stop(self: Journal, *arguments: Any) -> None:
        add(self, *arguments)
        added.append(1)
        if len(added) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", stop)
        with pytest.raises(KeyboardInterrupt):
            speak.run(cut, SilentProgress())
    assert not cut.output.exists()  # type: ignore[union-attr]
    report = spoken(cut)
    assert (report.resumed, report.segments, report.chapters) == (3, whole.segments, whole.chapters)
    assert (tmp_path / f"cut.{suffix}").read_bytes() == (tmp_path / f"whole.{suffix}").read_bytes()
    assert (tmp_path / "cut.vtt").read_bytes() == (tmp_path / "whole.vtt").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [f"cut.{suffix}", "cut.vtt", "text.txt", f"whole.{suffix}", "whole.vtt"]
    )


@pytest.mark.usefixtures("lenient")
def test_a_full_disk_loses_nothing(voice_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, output = file_of(tmp_path), tmp_path / "out.flac"
    request = request_of(voice_folder, output, text=None, file=file)
    add, added = Journal.add, []

    def fill(self: Journal, *arguments: Any) -> None:
        added.append(1)
        if len(added) == 3:
            raise OSError(errno.ENOSPC, "No space left on device", str(self.samples))
        add(self, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", fill)
        with pytest.raises(ShortageError, match="the disk is full; 2 segments are kept") as shortage:
            speak.run(request, SilentProgress())
    assert "run the same command again to continue" in shortage.value.hint
    # It may be full when the file is written, too.
    with monkeypatch.context() as patch:
        patch.setattr(speak, "write_sound", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
        with pytest.raises(ShortageError, match="4 segments are kept"):
            speak.run(request, SilentProgress())
    report = spoken(request)
    assert (report.resumed, len(report.segments), output.exists()) == (4, 4, True)


@pytest.mark.usefixtures("lenient")
def test_chapters_become_files(voice_folder: Path, tmp_path: Path) -> None:
    output = tmp_path / "book"
    request = request_of(voice_folder, output, text=None, file=file_of(tmp_path), chapters="headings", format="flac")
    report = spoken(request)
    assert [path.name for path in report.files] == ["001-አንድ.flac", "002-ሁለት.flac"]
    lengths = [files.read(path).duration for path in report.files]
    assert sum(lengths) == pytest.approx(report.seconds)
    with pytest.raises(FileExistsRefused):
        spoken(request)
    assert spoken(replace(request, force=True)).files == report.files


@pytest.mark.usefixtures("lenient")
def test_subtitles_are_spoken_at_their_times(voice_folder: Path, tmp_path: Path) -> None:
    content = "1\n00:00:02,000 --> 00:00:09,000\nሰላም ዓለም\n\n2\n00:00:10,000 --> 00:00:19,000\nቀን ነው\n"
    file = file_of(tmp_path, content, "a.srt")
    again = tmp_path / "b.srt"
    report = spoken(replace(request_of(voice_folder, tmp_path / "a.wav", text=None, file=file), subtitles=again))
    assert [segment.start for segment in report.segments] == pytest.approx([2.0, 10.0], abs=0.01)
    sound = files.read(tmp_path / "a.wav")
    assert not sound.samples[: round(1.9 * sound.sample_rate)].any()
    assert "00:00:10,000 --> " in again.read_text(encoding="utf-8")
    streamed_file = tmp_path / "c.srt"
    raw = streamed(replace(request_of(voice_folder, None, text=None, file=file, format="pcm"), subtitles=streamed_file))
    assert len(raw) == 2 * sound.samples.size
    assert streamed_file.read_bytes() == again.read_bytes()


@pytest.mark.usefixtures("lenient")
def test_markup_is_followed_and_what_is_not_understood_is_found(voice_folder: Path, tmp_path: Path) -> None:
    text = '<speak>ሰላም<break time="1s"/><voice name="she">ዓለም</voice><foo/></speak>'
    request = request_of(voice_folder, tmp_path / "a.wav", text=text, input_format="ssml", cast=(("she", "m01"),))
    report = spoken(request)
    assert (report.segments[0].text, report.segments[0].pause) == ("ሰላም", 1.0)
    assert [finding.code for finding in report.findings] == ["T004"]
    plain = spoken(replace(request, output=tmp_path / "b.wav", cast=()))
    assert [finding.code for finding in plain.findings] == ["S020", "T004"]
    assert (tmp_path / "a.wav").read_bytes() != (tmp_path / "b.wav").read_bytes()


@pytest.mark.usefixtures("lenient")
def test_outputs_beside_the_sound_are_refused_before_anything_is_read(
    voice_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(speak, "load_voice")
    taken = file_of(tmp_path, "years of work", "a.srt")
    request = request_of(voice_folder, tmp_path / "a.wav", force=True)
    with pytest.raises(FileExistsRefused, match="not a file of subtitles"):
        speak.run(replace(request, subtitles=taken), SilentProgress())
    with pytest.raises(AudioError, match="no chapter marks"):
        speak.run(replace(request, output=tmp_path / "a.pcm", chapters="headings"), SilentProgress())
    monkeypatch.setattr("amhctl.audio.aac.has_aac", lambda: False)
    with pytest.raises(MissingExtra, match="AAC needs av"):
        speak.run(replace(request, output=tmp_path / "a.m4a"), SilentProgress())
    assert taken.read_text(encoding="utf-8") == "years of work"
