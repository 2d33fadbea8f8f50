from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.stores import MEL, SPEC, toy_store

from amhctl.codes.checks import StoreCheck, check_store
from amhctl.codes.layout import ACOUSTICS
from amhctl.codes.store import CodeStore
from amhctl.codes.writer import StoreWriter
from amhctl.config.conditioning import SpeechEncoderConfig
from amhctl.core.errors import DatasetError
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record

_FRAMES = 50


def _speechlike(seed: int) -> NDArray[np.uint16]:
    """Codes of uneven use that often stay the same, as those of speech do."""
    random = np.random.default_rng(seed)
    drawn = random.choice(16, size=(2, _FRAMES), p=np.arange(1, 17) / 136)
    held = random.random((2, _FRAMES)) < 0.3
    for frame in range(1, _FRAMES):
        drawn[:, frame] = np.where(held[:, frame], drawn[:, frame - 1], drawn[:, frame])
    return drawn.astype(np.uint16)


def _check(path: Path, items: list[NDArray[np.uint16]], *, silent: bool = False, duration: float = 2.0) -> StoreCheck:
    with StoreWriter.create(path / "store", SPEC, MEL) as store:
        for number, codes_QS in enumerate(items):
            features = np.random.default_rng(number).normal(size=(101, 8))
            if silent:
                features[50:] = np.log(1e-5)
            record = Record(id=f"u{number}", audio="a.wav", text="ሰላም", duration=duration)
            store.append(record, codes_QS, features.astype(np.float16))
    return check_store(CodeStore.open(path / "store"), SilentProgress())


def _codes(check: StoreCheck) -> list[tuple[str, str]]:
    return [(finding.code, finding.subject) for finding in check.findings]


def test_real_codes_have_no_finding(tmp_path: Path) -> None:
    check = _check(tmp_path, [_speechlike(n) for n in range(8)])
    assert _codes(check) == []
    assert check.statistics.usage == (1.0, 1.0)
    assert check.statistics.frames == 8 * _FRAMES
    assert 3.0 < check.statistics.entropy[0] < 4.0
    counts = sum(np.bincount(_speechlike(n)[1], minlength=16) for n in range(8))
    assert np.array_equal(check.statistics.counts_QV[1], counts)
    # Fifty frames of 40 ms are the two seconds that were recorded.
    assert check.statistics.length_ratios == (1.0,) * 8
    assert check.statistics.duplicates == 0


def test_constant_codes(tmp_path: Path) -> None:
    constant = np.full((2, _FRAMES), 7, dtype=np.uint16)
    assert _codes(_check(tmp_path, [_speechlike(0), constant])) == [("X102", "u1")]


def test_a_store_of_one_code_only(tmp_path: Path) -> None:
    items = [np.stack([_speechlike(n)[0], np.zeros(_FRAMES, dtype=np.uint16)]) for n in range(3)]
    assert _codes(_check(tmp_path, items)) == [("X102", "codebook 2")]


def test_random_codes(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    items = [random.integers(0, 16, (2, _FRAMES)).astype(np.uint16) for _ in range(40)]
    assert _codes(_check(tmp_path, items)) == [("X103", "codebook 1")]


def test_padded_codes_and_true_silence(tmp_path: Path) -> None:
    padded = _speechlike(1)
    padded[:, -8:] = 0
    assert _codes(_check(tmp_path, [_speechlike(0), padded])) == [("X105", "u1")]
    (tmp_path / "silent").mkdir()
    assert _codes(_check(tmp_path / "silent", [_speechlike(0), padded], silent=True)) == []


def test_wrong_lengths(tmp_path: Path) -> None:
    assert _codes(_check(tmp_path, [_speechlike(0)], duration=1.8)) == [("X106", "u0"), ("X106", "u0")]


def test_damage_and_duplicates(tmp_path: Path) -> None:
    check = _check(tmp_path, [_speechlike(0)])
    assert check.findings == ()
    file = tmp_path / "store" / "codes-1-of-1.bin"
    content = bytearray(file.read_bytes())
    content[3] ^= 1
    file.write_bytes(bytes(content))
    assert _codes(check_store(CodeStore.open(tmp_path / "store"), SilentProgress())) == [("X107", "u0")]
    with StoreWriter.create(tmp_path / "two", SPEC, MEL) as store:
        for number in range(2):
            store.append(
                Record(id=f"u{number}", audio="a.wav", text="ሰላም"), _speechlike(0), np.ones((101, 8), dtype=np.float16)
            )
    check = check_store(store, SilentProgress())
    assert _codes(check) == [("X110", "u1")]
    assert (check.statistics.duplicates, check.statistics.length_ratios) == (1, ())


def test_an_empty_store_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no utterance"):
        check_store(StoreWriter.create(tmp_path / "store", SPEC, MEL), SilentProgress())


def test_acoustics_are_measured_by_speaker_and_judged(tmp_path: Path) -> None:
    plain = check_store(toy_store(tmp_path / "plain"), SilentProgress())
    assert plain.voices == ()
    with toy_store(tmp_path / "store", acoustic=True) as store:
        columns = dict(store.columns("u0"))
        columns[ACOUSTICS] = columns[ACOUSTICS].copy()
        columns[ACOUSTICS][:, -1] = 0
        store.append_columns(store.entry("u0").record, columns, replace=True)
    check = check_store(CodeStore.open(tmp_path / "store"), SilentProgress())
    assert [(voice.speaker, voice.clips) for voice in check.voices] == [("s0", 3), ("s1", 3)]
    assert check.voices[0].voiced < check.voices[1].voiced < 1.0
    assert all(100.0 < (voice.pitch or 0.0) < 200.0 for voice in check.voices)
    assert _codes(check) == [("X119", "u0"), *_codes(plain)]


@pytest.mark.parametrize(("frames", "codes"), [(100, []), (99, []), (97, ["X106"]), (103, ["X106"])])
def test_wrong_lengths_of_a_speech_encoders_features(tmp_path: Path, frames: int, codes: list[str]) -> None:
    encoder = SpeechEncoderConfig(
        layer=17, width=3, sample_rate=16_000, hop_samples=320, normalised=False, fingerprint="e" * 64
    )
    record = Record(id="u0", audio="a.wav", text="ሰላም", duration=2.0)
    features_TF, encoder_EW = np.full((101, 8), 0.5, np.float16), np.full((frames, 3), 0.5, np.float16)
    with StoreWriter.create(tmp_path / "store", SPEC, MEL, encoder=encoder) as store:
        store.append(record, _speechlike(0), features_TF, encoder_EW)
    found = check_store(CodeStore.open(tmp_path / "store"), SilentProgress()).findings
    assert [finding.code for finding in found] == codes
