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
    manifest, codec, store = str(tiny_manifest(tmp_path)), "mel16k", str(tmp_path / "store")
    code, extracted = _invoke("extract", manifest, "--codec", codec, "-o", store, "--level", "-20", "--device", "cpu")
    assert (code, extracted["utterances"], extracted["failed"]) == (0, 4, [])
    assert extracted["realtime_factor"] is not None
    code, checked = _invoke("check", store, "--codec", codec, "--device", "cpu")
    assert code == 0
    assert {"codebook_usage", "pesq", "stoi"} <= set(checked)
    wanted = ("extract", manifest, "--codec", codec, "-o", store, "--device", "cpu")
    assert _invoke(*wanted)[0] == 0
    code, refused = _invoke(*wanted, "--level", "-26")
    assert (code, refused["error"]["type"]) == (3, "DatasetError")  # type: ignore[index]
    code, _ = _invoke("check", str(tmp_path / "none"), "--device", "cpu")
    assert code == 3


def test_workers_verify_and_merge(tmp_path: Path) -> None:
    manifest, codec, store = str(tiny_manifest(tmp_path)), str(tiny_codec_folder(tmp_path)), tmp_path / "store"
    wanted = ("extract", manifest, "--codec", codec, "-o", str(store), "--device", "cpu", "--workers", "1")
    code, extracted = _invoke(*wanted)
    assert (code, extracted["new"], extracted["replaced"], extracted["shared"]) == (0, 4, 0, 0)
    code, merged = _invoke("merge", str(store), "-o", str(tmp_path / "merged"))
    assert (code, merged["utterances"], merged["aligned"]) == (0, 4, False)
    code, refused = _invoke("merge", str(store), "-o", str(tmp_path / "merged"))
    assert (code, refused["error"]["type"]) == (3, "FileExistsRefused")  # type: ignore[index]
    assert _invoke("merge", str(store), "-o", str(tmp_path / "merged"), "--force")[0] == 0
    code, verified = _invoke("verify", str(tmp_path / "merged"))
    assert (code, verified["utterances"], verified["findings"]) == (0, 4, [])
    (tmp_path / "merged" / "codes-1-of-1.bin").write_bytes(b"")
    code, verified = _invoke("verify", str(tmp_path / "merged"))
    assert (code, verified["ok"], verified["utterances"]) == (1, False, 0)
    # What is damaged is encoded anew, and nothing else.
    code, again = _invoke("extract", manifest, "--codec", codec, "-o", str(tmp_path / "merged"), "--device", "cpu")
    assert (code, again["new"]) == (0, 4)
    assert _invoke("verify", str(tmp_path / "merged"))[0] == 0


def test_copies_are_asked_for_by_number_and_strength(tmp_path: Path) -> None:
    manifest, codec, store = str(tiny_manifest(tmp_path)), str(tiny_codec_folder(tmp_path)), str(tmp_path / "store")
    wanted = ("extract", manifest, "--codec", codec, "-o", store, "--device", "cpu", "--copies", "1")
    (tmp_path / "amhctl.toml").touch()
    code, extracted = _invoke(*wanted, "--set", "augment.speed=0.1", "--seed", "2", "--config", str(tmp_path))
    assert (code, extracted["copies"], extracted["precision"], extracted["findings"]) == (0, 3, "fp32", [])
    assert extracted["variations"] == {"speed": 3, "pitch": 0, "noise": 0, "room": 0}
    code, refused = _invoke(*wanted, "--precision", "bf16")
    assert (code, refused["error"]["type"]) == (3, "CodecError")  # type: ignore[index]


def test_features_and_engines_are_told_of_and_refused_by_name(tmp_path: Path) -> None:
    manifest, codec, store = str(tiny_manifest(tmp_path)), str(tiny_codec_folder(tmp_path)), str(tmp_path / "store")
    wanted = ("extract", manifest, "--codec", codec, "-o", store, "--device", "cpu")
    code, extracted = _invoke(*wanted)
    assert (code, extracted["features"], extracted["engine"], extracted["tasks"]) == (0, "mel", "local", 1)
    code, refused = _invoke(*wanted, "--tasks", "2")
    assert (code, refused["error"]["type"]) == (2, "OptionError")  # type: ignore[index]
    code, refused = _invoke(*wanted, "--engine", "ray", "--shard", "1/2")
    assert (code, refused["error"]["type"]) == (2, "OptionError")  # type: ignore[index]
    # Without transformers, or without the model in that folder: either way a thing is absent, with a command to get it.
    code, refused = _invoke(*wanted, "--features", "w2v-bert", "--features-model", str(tmp_path / "nowhere"))
    assert (code, refused["error"]["type"]) == (3, "MissingExtra")  # type: ignore[index]
    assert refused["error"]["hint"]  # type: ignore[index]
