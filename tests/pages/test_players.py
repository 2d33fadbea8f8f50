"""Twin of ``pages/players.py``."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from support.manifests import tiny_manifest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.waveform import Waveform
from amhctl.checks.measurements import Measurements
from amhctl.checks.recording import check_audio
from amhctl.corpus.records import Record, read_records
from amhctl.pages.players import Player, draw_outline, make_players

Shown = list[tuple[Record, Measurements | None]]


def _clips(folder: Path, *seconds: float) -> Shown:
    records = read_records(tiny_manifest(folder, count=len(seconds)))
    shown: Shown = []
    for record, duration in zip(records, seconds, strict=True):
        files.write(folder / record.audio, vowel_train(seconds=duration, sample_rate=24_000))
        whole = record.model_copy(update={"duration": None, "sha256": ""})
        shown.append((whole, check_audio(whole, folder).measurements))
    return shown


def _sounds(players: list[Player | None]) -> list[bytes]:
    return [base64.b64decode(player.source.split(",")[1]) for player in players if player is not None]


def test_the_player_holds_the_beginning_of_a_long_clip(tmp_path: Path) -> None:
    shown = _clips(tmp_path, 20.0)
    (player,) = make_players(shown, tmp_path)
    samples, rate = soundfile.read(io.BytesIO(_sounds([player])[0]))
    assert rate == 16_000
    assert 14.9 < samples.size / rate < 15.2
    assert player is not None
    assert (player.playable, player.outline.seconds) == (15.0, 20.0)
    (tmp_path / shown[0][0].audio).unlink()
    assert make_players(shown, tmp_path) == [None]
    assert make_players([(shown[0][0], None)], tmp_path) == [None]


def test_players_share_their_bytes_and_short_clips_are_whole(tmp_path: Path) -> None:
    shown = _clips(tmp_path, 1.0, 9.0, 12.0, 1.5)
    free = [len(sound) for sound in _sounds(make_players(shown, tmp_path))]
    most = free[0] + free[3] + free[1]
    players = make_players(shown, tmp_path, most_bytes=most)
    sizes = [len(sound) for sound in _sounds(players)]
    assert sum(sizes) <= most
    assert (sizes[0], sizes[3]) == (free[0], free[3])
    assert max(sizes[1], sizes[2]) <= free[1] // 2
    assert [player is not None and player.playable is not None for player in players] == [False, True, True, False]


def test_the_peak_has_the_full_height_and_is_said() -> None:
    samples = np.concatenate([np.zeros(1_000), np.full(1_000, 0.05), np.full(1_000, -0.1)]).astype(np.float32)
    drawn = draw_outline(Waveform(samples, 16_000), after=0.0625)
    heights = [float(value) for value in re.findall(r",([\d.]+)", drawn.path)]
    assert (min(heights), max(heights)) == (12.0, 48.5)
    assert drawn.peak == pytest.approx(-20.0)
    # A third of the clip is silent at its end.
    assert drawn.silences == ((160.0, 80.0),)


@pytest.mark.parametrize("size", [0, 1])
def test_nothing_to_draw_is_no_crash(size: int) -> None:
    assert draw_outline(Waveform(np.zeros(size, dtype=np.float32), 16_000)).peak == pytest.approx(-100.0)
