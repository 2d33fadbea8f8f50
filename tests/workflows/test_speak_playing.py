"""Speech goes to the player, silence included; a player that fails does not lose it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.speaking_flow import flow_voice_folder, load_flow_voice
from support.voices import any_speech

from amhctl.audio.pcm import encode_pcm
from amhctl.core.errors import PlaybackError
from amhctl.inference.dubbing import stream_cues
from amhctl.inference.longtext import LineChunk, Role
from amhctl.text.subtitles import Cue
from amhctl.workflows import speak_playing
from amhctl.workflows.speak_playing import make_silence, play_chunks, require_played


@pytest.fixture(scope="module")
def chunks(tmp_path_factory: pytest.TempPathFactory) -> list[LineChunk]:
    voice = load_flow_voice(flow_voice_folder(tmp_path_factory.mktemp("flow")))
    cues = [Cue(1.5, 9.0, "ሰላም።"), Cue(10.0, 19.0, "ዓለም።")]
    return list(stream_cues(Role(voice), cues, any_speech(), fastest=1.0))


class Player:
    """A player that fails after some bytes."""

    def __init__(self, most: int) -> None:
        self.played, self.most = b"", most

    def play(self, samples: bytes) -> None:
        if len(self.played) > self.most:
            raise PlaybackError("no device")
        self.played += samples


def use(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def opened(_: int) -> Iterator[Player]:
        yield player

    monkeypatch.setattr(speak_playing, "open_player", opened)


def test_silence_and_speech_are_played_in_order(chunks: list[LineChunk], monkeypatch: pytest.MonkeyPatch) -> None:
    player = Player(1 << 30)
    use(player, monkeypatch)
    rate = chunks[0].waveform.sample_rate
    assert list(play_chunks(iter(chunks), rate, [], keep=True)) == chunks
    assert player.played == b"".join(bytes(2 * chunk.lead) + encode_pcm(chunk.waveform) for chunk in chunks)
    assert chunks[0].lead == 1.5 * rate
    assert [len(each) for each in make_silence(25, 10)] == [20, 20, 10]


def test_what_is_kept_is_not_lost_with_a_player(chunks: list[LineChunk], monkeypatch: pytest.MonkeyPatch) -> None:
    rate = chunks[0].waveform.sample_rate
    faults: list[PlaybackError] = []
    use(Player(0), monkeypatch)
    assert list(play_chunks(iter(chunks), rate, faults, keep=True)) == chunks
    with pytest.raises(PlaybackError, match="no device") as error:
        require_played(faults, Path("a.wav"))
    assert "a.wav" in error.value.hint
    require_played([], Path("a.wav"))
    use(Player(0), monkeypatch)
    with pytest.raises(PlaybackError):
        list(play_chunks(iter(chunks), rate, [], keep=False))
