"""Twin of ``cli/codes.py``."""

import json
from pathlib import Path

from support.codecs import tiny_codec_folder
from support.manifests import tiny_manifest
from typer.testing import CliRunner

from amhctl.cli import codes


def _invoke(*arguments: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(codes.app, [*arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


def test_extract_and_check(tmp_path: Path) -> None:
    manifest, codec, store = str(tiny_manifest(tmp_path)), str(tiny_codec_folder(tmp_path)), str(tmp_path / "store")
    code, extracted = _invoke("extract", manifest, "--codec", codec, "-o", store, "--level", "-20", "--device", "cpu")
    assert (code, extracted["utterances"], extracted["failed"]) == (0, 4, [])
    assert extracted["realtime_factor"] is not None
    code, checked = _invoke("check", store, "--codec", codec, "--device", "cpu")
    assert code == 0
    assert {"codebook_usage", "pesq", "stoi"} <= set(checked)
    code, refused = _invoke("extract", manifest, "--codec", codec, "-o", store, "--device", "cpu")
    assert (code, refused["error"]["type"]) == (3, "DatasetError")  # type: ignore[index]
    code, _ = _invoke("check", str(tmp_path / "none"), "--device", "cpu")
    assert code == 3
