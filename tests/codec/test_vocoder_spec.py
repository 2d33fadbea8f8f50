"""What vocoders there are, and what is none."""

from pathlib import Path

import pytest
from support.codecs import tiny_codec_folder
from support.vocoders import tiny_vocoder_folder

from amhctl.codec.vocoder import load_vocoder
from amhctl.codec.vocoder_spec import DEFAULT_VOCODER, read_vocoder_manifest, vocoder_path
from amhctl.core.errors import CheckpointError, CodecError


def test_what_is_no_vocoder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodecError) as caught:
        vocoder_path("no-such-vocoder")
    assert DEFAULT_VOCODER in caught.value.hint
    with pytest.raises(CodecError, match="not a vocoder of vocoder-1"):
        read_vocoder_manifest(str(tiny_codec_folder(tmp_path)))
    folder = tiny_vocoder_folder(tmp_path)
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[-1] ^= 1
    (folder / "model.safetensors").write_bytes(bytes(content))
    with pytest.raises(CheckpointError):
        load_vocoder(str(folder))
