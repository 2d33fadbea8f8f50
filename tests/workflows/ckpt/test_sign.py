"""Twin of ``workflows/ckpt/sign.py``: what is signed passes, and only what is sound is signed."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from support.voices import tiny_voice_folder

from amhctl.checkpoint.folder import WEIGHTS_FILE
from amhctl.checkpoint.signature import SIGNATURE_FILE
from amhctl.core.errors import CheckpointError, FileExistsRefused, OptionError
from amhctl.core.progress import SilentProgress
from amhctl.workflows.ckpt import sign as sign_checkpoint
from amhctl.workflows.ckpt import validate as validate_checkpoint
from amhctl.workflows.ckpt.sign import SignCheckpointReport, SignCheckpointRequest
from amhctl.workflows.ckpt.validate import ValidateCheckpointReport, ValidateCheckpointRequest


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_voice_folder(tmp_path_factory.mktemp("voice"))


@pytest.fixture
def voice(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "voice"))


def sign(voice: Path, output: Path | None = None, force: bool = False) -> SignCheckpointReport:
    return sign_checkpoint.run(SignCheckpointRequest(voice, output, force=force), SilentProgress())


def validate(voice: Path, signature: Path | None = None, root: str | None = None) -> ValidateCheckpointReport:
    request = ValidateCheckpointRequest(voice, signature=signature, root=root)
    return validate_checkpoint.run(request, SilentProgress())


def test_a_signed_voice_passes_and_a_changed_one_does_not(voice: Path) -> None:
    assert "signature" not in validate(voice).checked
    report = sign(voice)
    assert report.output == voice / SIGNATURE_FILE
    checked = validate(voice)
    assert checked.ok
    assert "signature" in checked.checked
    # The signature is no stranger in the folder, nor is the card.
    assert "C003" not in {finding.code for finding in checked.findings}
    (voice / "README.md").write_text("---\n---\n")
    assert {finding.code for finding in validate(voice).findings if finding.severity == "error"} == {"C025"}
    sign(voice, force=True)
    assert validate(voice).ok
    assert report.payload()["files"] == len([path for path in voice.rglob("*") if path.is_file()]) - 2


def test_a_signature_may_lie_elsewhere_and_a_root_is_enough(voice: Path, tmp_path: Path) -> None:
    root = sign(voice, tmp_path / "voice.json").signature.root
    assert not (voice / SIGNATURE_FILE).exists()
    assert validate(voice, tmp_path / "voice.json").ok
    assert validate(voice, root=root).ok
    assert not validate(voice, root="0" * 64).ok
    assert not validate(voice, tmp_path / "absent.json").ok


def test_only_a_signature_is_replaced_and_only_when_forced(voice: Path, tmp_path: Path) -> None:
    sign(voice)
    with pytest.raises(FileExistsRefused):
        sign(voice)
    assert sign(voice, force=True).signature == sign(voice, force=True).signature
    for name in (WEIGHTS_FILE, "manifest.json", "text_state.json"):
        before = (voice / name).read_bytes()
        with pytest.raises(FileExistsRefused):
            sign(voice, voice / name, force=True)
        assert (voice / name).read_bytes() == before
    with pytest.raises(OptionError, match=SIGNATURE_FILE):
        sign(voice, voice / "other.json")
    (tmp_path / "link").symlink_to(voice)
    with pytest.raises(OptionError, match=SIGNATURE_FILE):
        sign(voice, tmp_path / "link" / "other.json")


def test_what_is_not_sound_is_not_signed(voice: Path) -> None:
    (voice / "link").symlink_to(WEIGHTS_FILE)
    with pytest.raises(CheckpointError, match="link is a link"):
        sign(voice)
    (voice / "link").unlink()
    with (voice / WEIGHTS_FILE).open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(CheckpointError, match="sha256"):
        sign(voice)
    assert not (voice / SIGNATURE_FILE).exists()


def test_a_file_has_no_signature(voice: Path) -> None:
    with pytest.raises(OptionError, match="only a folder"):
        validate(voice / WEIGHTS_FILE, root="0" * 64)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
def test_a_key_signs_the_signature_as_the_page_says(voice: Path, tmp_path: Path) -> None:
    sign(voice)
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "amhctl", voice / SIGNATURE_FILE], check=True
    )
    # What a key made of the signature is no part of what was signed.
    assert validate(voice).ok
    (tmp_path / "makers").write_text(f"maker@example.org {key.with_suffix('.pub').read_text()}")
    words = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "makers"), "-I", "maker@example.org", "-n", "amhctl"]
    words += ["-s", str(voice / f"{SIGNATURE_FILE}.sig")]

    def verified() -> bool:
        content = (voice / SIGNATURE_FILE).read_bytes()
        return subprocess.run(words, input=content, capture_output=True, check=False).returncode == 0

    assert verified()
    document = json.loads((voice / SIGNATURE_FILE).read_text())
    (voice / SIGNATURE_FILE).write_text(json.dumps({**document, "name": "another"}))
    assert not verified()
