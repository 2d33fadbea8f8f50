from pathlib import Path

import pytest
from support.speechlike import vowel_train

from amhctl.audio import files
from amhctl.audio.containers import refuse_truncated
from amhctl.core.errors import AudioError


@pytest.mark.parametrize(("suffix", "container"), [("wav", "WAV"), ("ogg", "OGG")])
def test_a_file_is_refused_wherever_it_is_cut(tmp_path: Path, suffix: str, container: str) -> None:
    path = tmp_path / f"a.{suffix}"
    files.write(path, vowel_train(seconds=0.5))
    content = path.read_bytes()
    refuse_truncated(path, container)
    for kept in (len(content) - 1, len(content) // 2, 60):
        path.write_bytes(content[:kept])
        with pytest.raises(AudioError, match="the file is truncated"):
            refuse_truncated(path, container)
        # Of other containers it knows nothing.
        refuse_truncated(path, "FLAC")


def test_a_wav_that_a_pipe_wrote_does_not_know_its_length(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    files.write(path, vowel_train(seconds=0.5))
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    refuse_truncated(path, "WAV")
