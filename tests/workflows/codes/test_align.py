"""Twin of ``workflows/codes/align.py``: durations of phones in a store of extracted codes, and what is left out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from support.codecs import tiny_codec_folder
from support.manifests import SENTENCES, tiny_manifest
from support.training_world import build_training_world
from support.vocabularies import foreign_model, foreign_vocabulary

from amhctl.codes.alignment import Alignment
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.text import TextConfig
from amhctl.core.errors import ConfigError, DatasetError, TrainingError, VocabularyError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.codes import extract as extract_codes
from amhctl.workflows.codes.align import AlignCodesReport, AlignCodesRequest, run

FRONTEND = Frontend(TextConfig(units="phones"))


class _Passes(SilentProgress):
    """Notes what was announced."""

    def __init__(self) -> None:
        self.announced: list[str] = []

    def start(self, title: str, total: int | None, unit: str) -> None:
        self.announced.append(title.partition(",")[0])


@dataclass(frozen=True, slots=True)
class _Extracted:
    """A store of codes of speech-like recordings, and a vocabulary of the phones of its texts."""

    store: Path
    vocabulary: Path


@pytest.fixture
def extracted(tmp_path: Path) -> _Extracted:
    return _extract(tmp_path)


def _extract(tmp_path: Path, *, acoustic: bool = False) -> _Extracted:
    request = extract_codes.ExtractCodesRequest(
        tiny_manifest(tmp_path), tmp_path / "store", str(tiny_codec_folder(tmp_path)), acoustics=acoustic
    )
    extract_codes.run(request, SilentProgress())
    lines = [FRONTEND.units(text) for text in SENTENCES]
    train_vocabulary(lines, size=128, units="phones", model_type="char").write(tmp_path / "phones.model")
    return _Extracted(tmp_path / "store", tmp_path / "phones.model")


def _align(store: Path, vocabulary: Path, *sets: str, progress: SilentProgress | None = None) -> AlignCodesReport:
    return run(AlignCodesRequest(store, vocabulary, preset="tiny", sets=sets), progress or SilentProgress())


def _alignment(store: Path) -> Alignment:
    alignment = CodeStore.open(store).alignment()
    assert alignment is not None
    return alignment


def _add(store: Path, id_: str, text: str, *, frames: int) -> None:
    """Append an utterance of noise."""
    random = np.random.default_rng(0)
    with StoreWriter.open(store) as opened:
        opened.append(
            Record(id=id_, audio=f"{id_}.wav", text=text),
            random.integers(0, 16, (2, frames), dtype=np.uint16),
            random.normal(size=(2 * frames, opened.mel.bins)).astype(np.float32),
        )


@pytest.mark.parametrize("acoustic", [False, True])
def test_the_durations_of_the_phones_add_up_to_the_frames(tmp_path: Path, *, acoustic: bool) -> None:
    extracted = _extract(tmp_path, acoustic=acoustic)
    report = _align(extracted.store, extracted.vocabulary)
    store, alignment = CodeStore.open(extracted.store), _alignment(extracted.store)
    tokenizer = Tokenizer(Vocabulary.read(extracted.vocabulary))
    assert alignment.ids == tuple(entry.id for entry in store.entries)
    for entry in store.entries:
        durations = alignment.durations(entry.id)
        assert durations.size == len(tokenizer.encode(FRONTEND.units(entry.record.text)))
        assert int(durations.sum()) == entry.frames
        if acoustic:
            finer = alignment.acoustic_durations(entry.id)
            assert int(finer.sum()) == entry.acoustic_frames
            assert finer.all()
            # A code frame has four of them, and ends are rounded.
            assert np.abs(np.cumsum(finer) / 4 - np.cumsum(durations)).max() <= 0.75
    assert alignment.is_acoustic == acoustic
    assert report.ok
    assert (report.utterances, report.findings) == (4, ())


def test_the_report_is_of_what_was_written(extracted: _Extracted) -> None:
    report = _align(extracted.store, extracted.vocabulary)
    alignment = _alignment(extracted.store)
    durations = np.concatenate([alignment.durations(id_) for id_ in alignment.ids])
    assert report.frames_per_piece == durations.sum() / durations.size
    assert 0.0 < report.explained < 1.0
    assert report.payload() == {
        "utterances": 4,
        "explained": report.explained,
        "frames_per_piece": report.frames_per_piece,
    }
    (line,) = report.lines()
    assert line.startswith("4 utterances aligned")


def test_nothing_but_the_durations_is_left_in_the_store(extracted: _Extracted) -> None:
    before = {path.name for path in extracted.store.iterdir()}
    (extracted.store / ".amhctl-0123456789abcdef-01234567.tmp").mkdir()  # what a killed process leaves
    _align(extracted.store, extracted.vocabulary)
    assert {path.name for path in extracted.store.iterdir()} == before | {"alignment.npz"}


def test_the_store_says_by_what_it_was_aligned(extracted: _Extracted) -> None:
    # The vocabulary decides whether it stands for phones or fidel, whatever the configuration says.
    _align(extracted.store, extracted.vocabulary, "text.units=fidel")
    alignment = _alignment(extracted.store)
    assert alignment.vocabulary_fingerprint == Vocabulary.read(extracted.vocabulary).fingerprint
    assert alignment.text_hash == FRONTEND.state_hash


def test_aligning_again_replaces_the_durations(extracted: _Extracted) -> None:
    once = _align(extracted.store, extracted.vocabulary)
    first = _alignment(extracted.store)
    assert _align(extracted.store, extracted.vocabulary) == once
    second = _alignment(extracted.store)
    assert all(np.array_equal(first.durations(id_), second.durations(id_)) for id_ in first.ids)
    # Fidel are fewer and longer than phones.
    path = extracted.vocabulary.with_name("fidel.model")
    lines = [Frontend(TextConfig(units="fidel")).units(text) for text in SENTENCES]
    train_vocabulary(lines, size=512, units="fidel", model_type="char").write(path)
    assert _align(extracted.store, path).frames_per_piece > once.frames_per_piece
    assert _alignment(extracted.store).vocabulary_fingerprint == Vocabulary.read(path).fingerprint


def test_it_takes_the_passes_of_the_configuration(extracted: _Extracted) -> None:
    progress = _Passes()
    _align(extracted.store, extracted.vocabulary, "aligner.passes=2", "aligner.classifier_passes=1", progress=progress)
    assert progress.announced[-5:] == [
        "initial alignment", "aligning", "aligning", "training the frame classifier 1 of 1", "aligning by frames 1 "
        "of 1",
    ]  # fmt: skip
    with pytest.raises(ConfigError, match=r"aligner\.passes"):
        _align(extracted.store, extracted.vocabulary, "aligner.passes=0")


@pytest.mark.parametrize("text", ["...", ""])
def test_a_text_that_cannot_be_aligned_is_a_warning(tmp_path: Path, text: str) -> None:
    world = build_training_world(tmp_path, clips=4)
    _add(world.store, "odd", text, frames=40)
    report = _align(world.store, world.vocabulary)
    assert [(finding.code, finding.subject) for finding in report.findings] == [("A001", "odd")]
    assert report.findings[0].message
    assert report.ok
    assert "odd" not in _alignment(world.store)
    assert report.utterances == len(_alignment(world.store).ids) == 4


def test_a_piece_that_the_vocabulary_lacks_is_a_warning(tmp_path: Path) -> None:
    world = build_training_world(tmp_path, clips=6)
    entries = CodeStore.open(world.store).entries
    known, lacking = Frontend(TextConfig(units="fidel")), entries[-1]
    lines = [known.units(entry.record.text) for entry in entries[:-1]]
    vocabulary = Vocabulary.from_bytes(foreign_model("char", size=512, lines=lines))
    vocabulary.write(tmp_path / "narrow.model")
    report = _align(world.store, tmp_path / "narrow.model")
    assert [(finding.code, finding.subject) for finding in report.findings] == [("A001", lacking.id)]
    assert _alignment(world.store).ids == tuple(entry.id for entry in entries[:-1])


def test_more_pieces_than_frames_is_a_warning(tmp_path: Path) -> None:
    world = build_training_world(tmp_path, clips=4)
    _add(world.store, "short", "ሰላም ለዓለም", frames=2)
    report = _align(world.store, world.vocabulary)
    assert [(finding.code, finding.subject) for finding in report.findings] == [("A002", "short")]
    assert "short" not in _alignment(world.store)
    assert report.utterances == 4


def test_a_store_of_which_nothing_can_be_aligned_is_refused(tmp_path: Path) -> None:
    world = build_training_world(tmp_path, clips=4)
    foreign_vocabulary().write(tmp_path / "latin.model")
    with pytest.raises(DatasetError, match="no utterance of the store") as caught:
        _align(world.store, tmp_path / "latin.model")
    assert caught.value.subject == str(world.store)
    short = build_training_world(tmp_path / "short", clips=0).store
    _add(short, "short", "ሰላም ለዓለም", frames=2)
    with pytest.raises(TrainingError, match="fewer text pieces than frames"):
        _align(short, world.vocabulary)
    assert CodeStore.open(world.store).alignment() is None
    assert CodeStore.open(short).alignment() is None


def test_damaged_features_are_not_aligned(tmp_path: Path) -> None:
    world = build_training_world(tmp_path, clips=4)
    features = world.store / "features-1-of-1.bin"
    features.write_bytes(bytes(features.stat().st_size))
    with pytest.raises(DatasetError, match="are damaged"):
        _align(world.store, world.vocabulary)
    assert CodeStore.open(world.store).alignment() is None


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    world = build_training_world(tmp_path, clips=4)
    with pytest.raises(DatasetError, match="no code store"):
        _align(tmp_path / "nowhere", world.vocabulary)
    with pytest.raises(VocabularyError):
        _align(world.store, tmp_path / "nowhere.model")
    assert CodeStore.open(world.store).alignment() is None
