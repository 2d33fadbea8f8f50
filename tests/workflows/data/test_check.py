from pathlib import Path

import pytest
import soundfile
from support.enhancers import Gate, NoiseRating, open_gate
from support.manifests import noisy_manifest, tiny_manifest
from support.oddaudio import odd_recordings
from support.planted import ALSO, PLANTS, World, clean_world
from support.realdata import real_manifest
from support.recognisers import tiny_recogniser_folder
from support.vocabularies import foreign_model

from amhctl.checks import matching, repaired_copy
from amhctl.config.text import TextConfig
from amhctl.core.errors import CheckpointError, FileExistsRefused, MissingExtra
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record, read_records, write_records
from amhctl.pages import players
from amhctl.text.frontend import Frontend
from amhctl.workflows.data import check as check_data
from amhctl.workflows.data.check import RULES, CheckDataReport, CheckDataRequest, make_goal, run


def test_codes_are_documented_once() -> None:
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert all(rule.title and rule.explanation for rule in RULES)


@pytest.fixture(scope="module")
def world_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


def _check_world(world: World) -> CheckDataReport:
    options = dict(world.options)
    if texts := options.pop("vocabulary_of", None):
        # A vocabulary of another maker, which knows the letters of these texts only.
        frontend = Frontend(TextConfig(units="fidel"))
        lines = [frontend.units(text) for text in texts]  # type: ignore[attr-defined]
        content = foreign_model("char", size=512, lines=lines, character_coverage=1.0)
        options["vocabulary"] = world.folder / "v.model"
        (world.folder / "v.model").write_bytes(content)
    request = CheckDataRequest(world.write(), cache=world.folder / "cache", **options)  # type: ignore[arg-type]
    return run(request, SilentProgress())


def test_nothing_is_found_in_a_clean_world(world_folder: Path) -> None:
    world = clean_world(world_folder)
    world.options["disjoint"] = ("text", "speaker", "session")
    assert _check_world(world).findings == ()


def test_a_fault_is_planted_for_every_code() -> None:
    # A recogniser that knows Amharic takes too long to train here: tests/checks/test_matching.py plants its faults.
    assert sorted(PLANTS) == sorted(rule.code for rule in RULES if rule not in matching.RULES)


@pytest.mark.parametrize("code", PLANTS)
def test_a_planted_fault_is_found_by_its_own_code(world_folder: Path, code: str) -> None:
    world = clean_world(world_folder)
    subject = PLANTS[code](world)
    report = _check_world(world)
    found = {(finding.code, finding.subject) for finding in report.findings}
    assert (code, subject) in found, found
    assert {other for other, _ in found} - ALSO.get(code, frozenset()) == {code}
    # Clips in which nothing was planted stay clean.
    assert {name for _, name in found} & set(world.records) <= {subject}


def test_the_verdict_follows_errors_and_strictness(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path)
    clean = run(CheckDataRequest(manifest, report=tmp_path / "r.html"), SilentProgress())
    assert clean.ok
    assert clean.payload()["counts"] == {}
    assert clean.summary["records"] == 4
    assert (tmp_path / "r.html").is_file()
    with pytest.raises(FileExistsRefused):
        run(CheckDataRequest(manifest, report=tmp_path / "r.html"), SilentProgress())
    records = list(read_records(manifest))
    records.append(Record(id="x", audio=records[0].audio, text=records[0].text, speaker="s0", split="valid"))
    write_records(manifest, records, force=True)
    assert run(CheckDataRequest(manifest), SilentProgress()).ok
    assert not run(CheckDataRequest(manifest, strict=True), SilentProgress()).ok
    records.append(Record(id="y", audio="missing.wav", text="ሰላም", speaker="s0"))
    write_records(manifest, records, force=True)
    report = run(CheckDataRequest(manifest), SilentProgress())
    assert not report.ok
    assert report.payload()["counts"] == {"D010": 1, "D051": 1, "D052": 1}
    assert list(report.lines())


def test_odd_recordings_cost_nothing_but_themselves(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "in")
    names = odd_recordings(tmp_path / "in" / "odd")
    odd = [Record(id=name, audio=f"odd/{name}", text=f"ሰላም {place}") for place, name in enumerate(names)]
    write_records(manifest, [*read_records(manifest), *odd], force=True)
    request = CheckDataRequest(
        manifest, report=tmp_path / "r.html", fix=make_goal(None, None, strict=False), output=tmp_path / "out"
    )
    report = run(request, SilentProgress())
    found = {(finding.subject, finding.code) for finding in report.findings}
    assert found >= set(names.items())
    assert report.copy is not None
    kept = {record.id for record in read_records(tmp_path / "out" / "manifest.jsonl")}
    left = {item.subject for item in report.copy.left_out}
    assert kept >= {"r0", "r1", "r2", "r3"}
    assert kept | left == {record.id for record in read_records(manifest)}
    assert not kept & left


def test_another_full_scale_is_mended(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "in")
    path = tmp_path / "in" / "wav" / "r1.wav"
    soundfile.write(path, soundfile.read(path)[0] * 32_768.0, 16_000, subtype="FLOAT")
    request = CheckDataRequest(
        manifest, report=tmp_path / "r.html", fix=make_goal(None, None, strict=False), output=tmp_path / "out"
    )
    report = run(request, SilentProgress())
    assert report.counts == {"D090": 1}
    assert report.copy is not None
    assert (report.copy.records, report.copy.left_out, dict(report.copy.repairs)) == (4, (), {"D090": 1})
    assert run(CheckDataRequest(tmp_path / "out" / "manifest.jsonl"), SilentProgress()).counts == {}


def test_a_recording_that_nobody_cut_is_left_out_of_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repaired_copy, "LONG_SECONDS", 1.55)
    monkeypatch.setattr(players, "LONG_SECONDS", 1.55)
    manifest = tiny_manifest(tmp_path / "in")
    request = CheckDataRequest(
        manifest, report=tmp_path / "r.html", fix=make_goal(None, None, strict=False), output=tmp_path / "out"
    )
    report = run(request, SilentProgress())
    assert report.copy is not None
    assert [(item.subject, item.code) for item in report.copy.left_out] == [("r3", "D016")]


def test_a_repaired_copy_does_not_hide_what_splits_share(tmp_path: Path) -> None:
    manifest = tiny_manifest(tmp_path / "in")
    first, second, *rest = read_records(manifest)
    faulty = rest[0].model_copy(update={"text": "hello"})
    write_records(manifest, [first, second.model_copy(update={"text": first.text}), faulty, *rest[1:]], force=True)
    request = CheckDataRequest(manifest, fix=make_goal(None, None, strict=False), output=tmp_path / "out")
    report = run(request, SilentProgress())
    assert report.copy is not None
    assert [(item.subject, item.code) for item in report.copy.left_out] == [("r2", "D031")]
    assert report.counts == {"D031": 1, "D033": 1, "D053": 1}
    # The leak is there still: only another split ends it.
    assert not report.ok
    assert run(CheckDataRequest(tmp_path / "out" / "manifest.jsonl"), SilentProgress()).counts == {
        "D053": 1,
        "D054": 1,
    }


def test_the_faults_of_real_data_are_found(tmp_path: Path) -> None:
    records = read_records(real_manifest("m01"))
    wanted = {"100102-214735_amh_57b_elicit_35": "D040", "100102-214735_amh_57b_elicit_119": "D020"}
    folder = real_manifest("m01").parent
    chosen = [r for r in records if r.id in wanted or r.id.endswith("elicit_11")]
    write_records(
        tmp_path / "m.jsonl", [r.model_copy(update={"audio": str((folder / r.audio).resolve())}) for r in chosen]
    )
    report = run(CheckDataRequest(tmp_path / "m.jsonl"), SilentProgress())
    found = {finding.subject: finding.code for finding in report.findings if finding.severity == "error"}
    assert found == wanted


def test_recordings_are_cleaned_on_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marks = iter([3.0, 3.5, 3.0, 2.5])
    monkeypatch.setattr(check_data, "open_deepfilternet", open_gate)
    monkeypatch.setattr(check_data, "score_apart", lambda _: NoiseRating(next(marks)))
    manifest = noisy_manifest(tmp_path / "in", count=2)
    goal = make_goal(None, None, strict=False, clean=True, attenuation=20.0)
    report = run(CheckDataRequest(manifest, fix=goal, output=tmp_path / "out"), SilentProgress())
    assert report.copy is not None
    assert (report.copy.cleaned, [finding.subject for finding in report.copy.kept]) == (1, ["r1"])
    assert ("D104", "r1") in {(finding.code, finding.subject) for finding in report.findings}
    # What was kept is a notice about the copy, not a fault of it.
    assert report.ok
    assert "cleaned: 1, kept because cleaning would damage them: 1" in list(report.lines())
    fixed = report.payload()["fixed"]
    assert isinstance(fixed, dict)
    assert (fixed["cleaned"], fixed["kept"][0]["code"]) == (1, "D104")
    made = read_records(tmp_path / "out" / "manifest.jsonl")
    assert [bool(record.processing) for record in made] == [True, False]


def test_without_the_extra_nothing_is_checked_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(attenuation: float | None) -> Gate:
        raise MissingExtra("not installed")

    monkeypatch.setattr(check_data, "open_deepfilternet", absent)
    monkeypatch.setattr(check_data, "check_manifest", lambda *_: pytest.fail("it was checked"))
    goal = make_goal(None, None, strict=False, clean=True)
    with pytest.raises(MissingExtra):
        run(CheckDataRequest(tiny_manifest(tmp_path), fix=goal, output=tmp_path / "out"), SilentProgress())
    assert not (tmp_path / "out").exists()


def test_texts_are_compared_with_recordings_only_if_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = tiny_manifest(tmp_path)
    recogniser = str(tiny_recogniser_folder(tmp_path))
    assert run(CheckDataRequest(manifest), SilentProgress()).findings == ()
    cache = tmp_path / "cache"
    first = run(CheckDataRequest(manifest, recogniser=recogniser, cache=cache), SilentProgress())
    # A network that has learnt nothing recognises other phones.
    assert {item.code for item in first.findings} | {"D044"} == {"D043", "D044"}
    assert not first.ok
    several = run(CheckDataRequest(manifest, recogniser=recogniser, workers=2), SilentProgress())
    assert several.findings == first.findings
    monkeypatch.setattr(matching, "compare", None)
    assert (
        run(CheckDataRequest(manifest, recogniser=recogniser, cache=cache), SilentProgress()).findings == first.findings
    )


def test_a_recogniser_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        run(CheckDataRequest(tiny_manifest(tmp_path), recogniser="none"), SilentProgress())
