import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amhctl.audio.augment import Variation
from amhctl.codes.index import (
    UNKNOWN_AUDIO,
    AudioDigest,
    StoredUtterance,
    digest_samples,
    format_line,
    parse_line,
    read_line,
)
from amhctl.corpus.records import Record

_STORED = StoredUtterance(
    record=Record(id="u1", audio="a.wav", text="ሰላም", speaker="s", duration=1.25),
    frames=3,
    feature_frames=7,
    part="2-of-3",
    codes_offset=12,
    features_offset=34,
    sha256="d" * 64,
    audio=AudioDigest("f" * 64, "5" * 64),
)


def test_a_line_is_read_back() -> None:
    line = format_line(_STORED)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert parse_line(line, "2-of-3") == _STORED


def test_where_acoustics_lie_is_said_where_there_are_some() -> None:
    assert not any("acoustic" in key or "speaker_" in key for key in json.loads(format_line(_STORED)))
    acoustic = replace(_STORED, acoustic_frames=14, acoustics_offset=0, speaker_offset=512)
    assert json.loads(format_line(acoustic))["speaker_offset"] == 512
    assert parse_line(format_line(acoustic), "2-of-3") == acoustic


def test_a_line_of_format_1_has_no_digests_of_audio() -> None:
    value = json.loads(format_line(_STORED))
    del value["file_sha256"], value["samples_sha256"]
    stored = parse_line(json.dumps(value).encode(), "2-of-3")
    assert stored is not None
    assert stored.audio == UNKNOWN_AUDIO
    assert stored.record == _STORED.record


def test_what_is_no_line_is_none() -> None:
    line = format_line(_STORED)
    for bad in (line[:40], b"\x00" * 50, b"[]", line.replace(b'"frames": 3', b'"frames": "many"'), b"\xff" + line):
        assert parse_line(bad, "1-of-1") is None


@pytest.mark.parametrize("number", [-1, 2**63, 10**30])
@pytest.mark.parametrize(
    "key",
    [
        "frames",
        "feature_frames",
        "codes_offset",
        "features_offset",
        "encoder_offset",
        "acoustic_frames",
        "speaker_offset",
    ],
)
def test_a_number_that_no_file_has_makes_no_line(key: str, number: int) -> None:
    value = json.loads(format_line(_STORED))
    assert parse_line(json.dumps(value | {key: 1}).encode(), "1-of-1") is not None
    assert parse_line(json.dumps(value | {key: number}).encode(), "1-of-1") is None


def test_a_line_is_read_again_from_where_it_begins(tmp_path: Path) -> None:
    second = replace(_STORED, record=_STORED.record.model_copy(update={"id": "u2"}), line=len(format_line(_STORED)))
    (tmp_path / "index").write_bytes(format_line(_STORED) + format_line(second))
    with (tmp_path / "index").open("rb") as index:
        assert read_line(index, "2-of-3", second.line) == second
        assert read_line(index, "2-of-3", 0) == _STORED
        assert read_line(index, "2-of-3", 1) is None
        assert read_line(index, "2-of-3", 10**6) is None


def test_the_digest_of_samples_knows_values_length_and_rate() -> None:
    samples = np.arange(8, dtype=np.float32) / 8
    same = digest_samples(samples, 16_000)  # type: ignore[arg-type]
    assert digest_samples(np.asfortranarray(samples.copy()), 16_000) == same
    others = {digest_samples(samples[:-1], 16_000), digest_samples(samples, 8_000), digest_samples(-samples, 16_000)}  # type: ignore[arg-type]
    assert len(others | {same}) == 4


def test_a_varied_copy_says_what_was_done_and_how_long_the_cut_was() -> None:
    assert {"variation", "cut"}.isdisjoint(json.loads(format_line(_STORED)))
    assert (_STORED.is_copy, _STORED.source) == (False, _STORED.record)
    variation = Variation(speed=1.05, noise=20.0, seed=7)
    copy = replace(_STORED, audio=AudioDigest("f" * 64, "5" * 64, variation, 1.3125))
    line = format_line(copy)
    assert json.loads(line)["variation"] == {"speed": 1.05, "noise": 20.0, "seed": 7}
    assert parse_line(line, "2-of-3") == copy
    assert (copy.is_copy, copy.record.duration, copy.source.duration) == (True, 1.25, 1.3125)
    assert parse_line(line.replace(b'"speed"', b'"haste"'), "2-of-3") is None
