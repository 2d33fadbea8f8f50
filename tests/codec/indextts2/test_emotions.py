"""Emotions as numbers: the row of each emotion that sounds most like the reference, weighted."""

from pathlib import Path

import pytest
import torch
import yaml

from amhctl.codec.indextts2.emotions import EmotionTables, load_emotions
from amhctl.core.errors import CodecError

COUNTS = (1, 2, 1, 1, 1, 1, 1, 3)
ROWS = sum(COUNTS)


def _write(folder: Path, styles: object, emotions: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump({"emo_num": list(COUNTS)}))
    torch.save(styles, folder / "feat1.pt")
    torch.save(emotions, folder / "feat2.pt")
    return folder


def test_emotions_are_weighted_rows_of_speakers_that_sound_alike() -> None:
    styles_RS = torch.randn(ROWS, 4, generator=torch.Generator().manual_seed(0))
    emotions_RD = torch.arange(ROWS)[:, None] * torch.ones(1, 3)
    tables = EmotionTables(styles_RS, emotions_RD, COUNTS)
    base_1D = torch.full((1, 3), 100.0)
    style_1S = 5.0 * styles_RS[2:3]
    mixed_1D = tables.mix((0, 0.5, 0, 0, 0, 0, 0, 0), style_1S, base_1D)
    torch.testing.assert_close(mixed_1D, 0.5 * base_1D + 0.5 * emotions_RD[2:3])
    # Of the last emotion's three rows, the one whose style points most nearly the same way.
    alike = [float(torch.cosine_similarity(styles_RS[row : row + 1], style_1S)) for row in (8, 9, 10)]
    nearest = 8 + alike.index(max(alike))
    torch.testing.assert_close(tables.mix((0,) * 7 + (1.0,), style_1S, base_1D), emotions_RD[nearest : nearest + 1])
    torch.testing.assert_close(tables.mix((0,) * 8, style_1S, base_1D), base_1D)
    both = tables.mix((0.25, 0.5, 0, 0, 0, 0, 0, 0), style_1S, base_1D)
    torch.testing.assert_close(both, 0.25 * base_1D + 0.25 * emotions_RD[:1] + 0.5 * emotions_RD[2:3])


def test_tables_are_read_and_others_refused_by_name(tmp_path: Path) -> None:
    folder = _write(tmp_path / "whole", torch.ones(ROWS, 4), torch.ones(ROWS, 3))
    tables = load_emotions(folder, style=4, emotion=3)
    assert (tables.styles_RS.shape, tables.emotions_RD.shape, tables.counts) == ((ROWS, 4), (ROWS, 3), COUNTS)
    for place, (styles, emotions, words) in enumerate(
        (
            (torch.ones(ROWS, 5), torch.ones(ROWS, 3), r"shape \(11, 5\), not one of shape \(11, 4\)"),
            (torch.ones(ROWS, 4), torch.ones(9, 3), r"shape \(9, 3\), not one of shape \(11, 3\)"),
            (torch.ones(ROWS, 4), {"a": 1}, "holds a dict"),
            (torch.full((ROWS, 4), float("nan")), torch.ones(ROWS, 3), "not finite"),
        )
    ):
        with pytest.raises(CodecError, match=words) as caught:
            load_emotions(_write(tmp_path / str(place), styles, emotions), style=4, emotion=3)
        assert "feat" in caught.value.subject
    (folder / "feat2.pt").write_bytes(b"noise")
    with pytest.raises(CodecError, match="not a readable tensor file"):
        load_emotions(folder, style=4, emotion=3)
    (folder / "feat1.pt").unlink()
    with pytest.raises(CodecError, match=r"missing for emotions: feat1\.pt"):
        load_emotions(folder, style=4, emotion=3)


def test_a_config_that_does_not_say_the_rows_is_refused(tmp_path: Path) -> None:
    folder = _write(tmp_path, torch.ones(ROWS, 4), torch.ones(ROWS, 3))
    (folder / "config.yaml").write_text("version: 2.0\n")
    with pytest.raises(CodecError, match="emo_num is None"):
        load_emotions(folder, style=4, emotion=3)
