"""``eval`` on a tiny random voice: every metric is measured, the page is written, gates close, failures are counted."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.speechlike import vowel_train
from support.voices import TEXTS, tiny_voice_folder

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.checkpoint.folder import WEIGHTS_FILE, read_manifest
from amhctl.checkpoint.manifest import Manifest
from amhctl.core.errors import EvaluationError, OptionError, SynthesisError
from amhctl.core.findings import Finding
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, write_records
from amhctl.evaluation.bootstrap import Estimate
from amhctl.evaluation.naturalness import Naturalness
from amhctl.evaluation.paired import Difference
from amhctl.evaluation.scorecard import KINDS, Scorecard
from amhctl.inference import code_voice as voice_module
from amhctl.inference.code_voice import CodeVoice
from amhctl.inference.options import SpeakOptions
from amhctl.inference.speaker import Speaker
from amhctl.workflows import eval as evaluate
from amhctl.workflows.eval import EvaluateRequest, choose_records, drop_repeated
from amhctl.workflows.eval_clip import Clip
from amhctl.workflows.eval_lineage import RULES as LINEAGE_RULES


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny voice and a test set of three recordings."""
    folder = tmp_path_factory.mktemp("world")
    tiny_voice_folder(folder)
    records = []
    for index, text in enumerate(TEXTS[:3]):
        files.write(folder / f"{index}.wav", vowel_train(seconds=4.6, seed=index))
        records.append(Record(id=f"clip{index}", audio=f"{index}.wav", text=text, split="test"))
    records.append(Record(id="other", audio="missing.wav", text=TEXTS[3], split="train"))
    write_records(folder / "set.jsonl", records)
    return folder


def request_of(world: Path, **changes: Any) -> EvaluateRequest:
    request = EvaluateRequest(voice=str(world / "tiny"), test_set=world / "set.jsonl", device="cpu")
    return replace(request, **changes)


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_module, "judge", lambda *_args, **_kwargs: ())


@pytest.fixture
def unrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not ask the rater, which is slow, where a test is about something else."""
    monkeypatch.setattr(evaluate.naturalness, "score", lambda _waveform: Naturalness(3.0, 3.0, 3.0, 3.5))  # type: ignore[attr-defined]


@pytest.mark.usefixtures("lenient")
def test_every_metric_is_measured_and_shown(world: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    request = request_of(world, report=page, fail_under=("mcd=100", "stops=0.5"), recogniser="am-phones", pairs=1)
    report = evaluate.run(request, SilentProgress())
    metrics = json.loads(json.dumps(report.payload()))["metrics"]
    # Noise need not be voiced; every other metric exists for every clip.
    assert set(metrics) >= {kind.name for kind in KINDS} - {"log_f0_rmse", "log_f0_spread"}
    for values in metrics.values():
        low, high = values["ci95"]
        assert low <= values["value"] <= high
        assert values["n"] <= 3
    assert metrics["text_match"]["n"] == 3
    clips = [
        clip.measured(kind)
        for kind in KINDS
        if kind.name == "total_duration_ratio"
        for clip in report.scorecard.utterances
        if clip.measured(kind) is not None
    ]
    total = sum(clip.synthesised for clip in clips) / sum(clip.natural for clip in clips)  # type: ignore[misc,union-attr]
    assert metrics["total_duration_ratio"]["value"] == total
    # The yardstick is the recordings' own: three builds of one voice are much alike.
    assert metrics["natural_speaker_similarity"]["value"] > metrics["speaker_similarity"]["value"]
    assert report.ok
    assert "clip2" in page.read_text(encoding="utf-8")
    assert any("not validated for Amharic" in line for line in report.lines())


@pytest.mark.usefixtures("lenient")
def test_a_missed_threshold_is_the_verdict(world: Path) -> None:
    report = evaluate.run(request_of(world, limit=1, fail_under=("mcd=0.1",)), SilentProgress())
    assert not report.ok
    assert {"E001", "E004"} <= {finding.code for finding in report.findings}
    assert report.scorecard.metric("text_match") is None


def test_a_bad_condition_is_refused_before_any_work(world: Path) -> None:
    with pytest.raises(OptionError, match="metric"):
        evaluate.run(request_of(world, fail_under=("beauty=1",)), SilentProgress())


def test_test_records_are_chosen_and_thinned_evenly(tmp_path: Path) -> None:
    records = tuple(Record(id=str(n), audio="a", text="ሀ", split="test" if n % 2 else "train") for n in range(10))
    assert [record.id for record in choose_records(records, None, tmp_path)] == ["1", "3", "5", "7", "9"]
    assert [record.id for record in choose_records(records, 3, tmp_path)] == ["1", "5", "9"]
    unsplit = tuple(record.model_copy(update={"split": ""}) for record in records)
    assert len(choose_records(unsplit, None, tmp_path)) == 10
    with pytest.raises(EvaluationError):
        choose_records((), None, tmp_path)


def test_a_text_recorded_twice_counts_once_in_a_split() -> None:
    texts = [("a", "test", "ሰላም ዓለም"), ("b", "test", "ሰላም  ዓለም "), ("c", "train", "ሰላም ዓለም"), ("d", "test", "ሰላም")]
    records = tuple(Record(id=id_, audio="x.wav", text=text, split=split) for id_, split, text in texts)
    kept, findings = drop_repeated(records)
    assert [record.id for record in kept] == ["a", "c", "d"]
    assert [(finding.code, finding.subject, finding.message) for finding in findings] == [
        ("E006", "b", "the same text as a")
    ]


@pytest.mark.usefixtures("unrated", "lenient")
def test_another_reference_is_spoken_like_and_has_no_copy_but_the_recording(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write(world / "clip.wav", vowel_train(seconds=3.5, seed=9))
    given: list[object] = []
    speak = CodeVoice.speak

    def heard(self: CodeVoice, text: str, options: SpeakOptions, *, speaker: Speaker | None) -> object:
        given.append(speaker)
        return speak(self, text, options, speaker=speaker)

    monkeypatch.setattr(CodeVoice, "speak", heard)
    own, other = (
        evaluate.run(request_of(world, limit=1, reference=reference), SilentProgress())
        for reference in (None, world / "clip.wav")
    )
    assert given[0] is None
    assert isinstance(given[1], Speaker)
    before, after = (report.scorecard.utterances[0] for report in (own, other))
    assert (before.copy_mcd, before.copy_pesq) == (after.copy_mcd, after.copy_pesq)
    assert before.mcd != after.mcd
    files.write(world / "silence.wav", Waveform(np.zeros(48_000, dtype=np.float32), 16_000))
    with pytest.raises(SynthesisError, match="louder than"):
        evaluate.run(request_of(world, reference=world / "silence.wav"), SilentProgress())


@pytest.mark.usefixtures("lenient", "unrated")
def test_two_voices_are_compared_on_the_same_clips(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tiny_voice_folder(tmp_path, name="other", seed=9)
    page = tmp_path / "page.html"
    report = evaluate.run(request_of(world, against=str(other), report=page), SilentProgress())
    against = json.loads(json.dumps(report.payload()))["against"]
    assert (against["voice"], against["weights"]) == ("other", read_manifest(other).files[WEIGHTS_FILE])
    alone = evaluate.run(request_of(world, voice=str(other)), SilentProgress())
    for name, held in against["metrics"].items():
        mine, theirs = report.scorecard.metric(name), alone.scorecard.metric(name)
        assert mine is not None
        assert theirs is not None
        # Quotients of sums are not means of quotients.
        quotients = ("log_f0_spread", "relative_speaker_similarity")
        if held["n"] == mine.estimate.count == theirs.estimate.count and name not in quotients:
            assert held["value"] == pytest.approx(mine.estimate.value)
            assert held["other"] == pytest.approx(theirs.estimate.value)
        assert 0.0 < held["p"] <= 1.0
    assert any(line.startswith("against other") for line in report.lines())
    assert "against other" in page.read_text(encoding="utf-8")
    # Three clips have eight ways to flip: no difference of theirs can be told from chance.
    assert {held["verdict"] for held in against["metrics"].values()} == {"no difference"}
    assert report.ok
    assert alone.payload()["against"] is None


@pytest.mark.usefixtures("lenient", "unrated")
def test_being_worse_is_told_and_fails_if_asked(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def worse(card: Scorecard, other: Scorecard, *, seed: int) -> tuple[Difference, ...]:
        kind = KINDS[4]
        return (Difference(kind, 9.0, 7.0, Estimate(-2.0, -2.5, -1.5, 20), 0.001),)

    monkeypatch.setattr(evaluate, "compare", worse)
    for fail_worse in (False, True):
        asked = request_of(world, against=str(world / "tiny"), fail_worse=fail_worse)
        report = evaluate.run(asked, SilentProgress())
        (finding,) = [finding for finding in report.findings if finding.code == "E007"]
        assert (finding.subject, finding.message) == ("mcd", "9, and 7 of tiny (p = 0.001)")
        assert report.ok is not fail_worse


@pytest.mark.usefixtures("lenient", "unrated")
def test_clips_that_were_learnt_are_named(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Path, str, list[str]]] = []

    def find(store: Path, manifest: Manifest, clips: list[Clip]) -> list[Finding]:
        asked.append((store, manifest.name, [clip.record.id for clip in clips]))
        return [LINEAGE_RULES.finding("E010", "clip0", "the recording is u1 of the training data")]

    monkeypatch.setattr(evaluate, "find_trained", find)
    report = evaluate.run(request_of(world, limit=1, trained_on=world / "store"), SilentProgress())
    assert asked == [(world / "store", "tiny", ["clip0"])]
    assert "E010" in {finding.code for finding in report.findings}
    assert report.ok
