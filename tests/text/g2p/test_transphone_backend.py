"""Twin of ``text/g2p/transphone_backend.py``: on a tiny model of transphone's own format, by its own loading code."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from amhctl.core.errors import MissingExtra
from amhctl.text.g2p import transphone_backend
from amhctl.text.g2p.phones import split_phones
from amhctl.text.g2p.transphone_backend import DOWNLOAD, TransphoneBackend, find_model

pytestmark = pytest.mark.filterwarnings("ignore")  # transphone's and torch's own warnings are not ours to repair

PHONES = ("a", "ɡ", "l", "m", "s", "tʃ", "ə")
SIZES = {"num_encoder": 1, "num_decoder": 1, "embed_size": 8, "hidden_size": 8, "num_head": 2}


class Said:
    """What transphone's model answers."""

    def inference(self, word: str, lang_id: str) -> list[str]:
        assert lang_id == "amh"
        return ["tʃ", "ʔ", "g", "a", "ː"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put everything that transphone needs on disk, tiny and in its own formats, and point it there."""
    vocab = pytest.importorskip("transphone.model.vocab").Vocab
    theirs = pytest.importorskip("transphone.config").TransphoneConfig
    pieces = pytest.importorskip("phonepiece.config").PhonePieceConfig
    singleton = pytest.importorskip("transphone.utils").Singleton
    data, inventory = tmp_path / "transphone", tmp_path / "phonepiece" / "model" / "latest" / "amh"
    model = data / "model" / "042801_base"
    for made in (model, inventory, data / "exp"):
        made.mkdir(parents=True)
    (data / "exp" / "042801_base.yml").write_text("\n".join(f"{key}: {value}" for key, value in SIZES.items()))
    graphemes, phonemes = vocab({"<amh>", *"ሰላምቻጋ"}), vocab(PHONES)
    graphemes.write(model / "grapheme.vocab")
    phonemes.write(model / "phoneme.vocab")
    network = pytest.importorskip("transphone.model.transformer").TransformerG2P(
        1, 1, 8, 2, len(graphemes) + 1, len(phonemes) + 1, 8
    )
    with torch.no_grad():
        network.generator.bias[0] = network.generator.bias[-1] = -100.0  # no padding, and nothing beyond the vocabulary
    torch.save(network.state_dict(), model / "model.pt")
    units = "".join(f"{unit} {number}\n" for number, unit in enumerate(("<blk>", *PHONES, "<eos>")))
    for name in ("phone.txt", "phoneme.txt"):
        (inventory / name).write_text(units, encoding="utf-8")
    (inventory / "allophone.txt").write_text("".join(f"{phone} {phone}\n" for phone in PHONES), encoding="utf-8")
    for name in ("tree.txt", "language.tsv", "ipa_all.csv", "ipa_base.csv"):
        shutil.copy(Path(pieces.data_path) / name, tmp_path / "phonepiece" / name)
    monkeypatch.setattr(theirs, "data_path", data)
    monkeypatch.setattr(pieces, "data_path", tmp_path / "phonepiece")
    monkeypatch.setattr(singleton, "_instances", {})
    monkeypatch.setattr(transphone_backend, "find_data", lambda package: tmp_path / package)
    return model


def test_a_model_on_disk_is_loaded_and_speaks(folder: Path) -> None:
    assert find_model() == folder / "model.pt"
    backend = TransphoneBackend()
    with torch.random.fork_rng():
        said = backend.phones("ሰላም")
    assert set(said) <= set(split_phones("".join(("a", "ɡ", "l", "m", "s", "t͡ʃ", "ə"))))
    assert backend.phones("ሰላም") == said


class Mischief:
    """What a poisoned pickle would do."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.touch, (self._path,)


def test_a_model_that_is_a_poisoned_pickle_is_not_run(folder: Path, tmp_path: Path) -> None:
    torch.save(Mischief(tmp_path / "run"), folder / "model.pt")
    with torch.random.fork_rng(), pytest.raises(MissingExtra, match="cannot be loaded"):
        TransphoneBackend().phones("ሰላም")
    assert not (tmp_path / "run").exists()


def test_an_old_torch_is_not_trusted_with_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transphone_backend.importlib.metadata, "version", lambda _: "2.5.1+cpu")  # type: ignore[attr-defined]
    with pytest.raises(MissingExtra, match=r"torch 2\.5\.1\+cpu would execute"):
        TransphoneBackend().phones("ሰላም")


@pytest.mark.parametrize("lacking", ["model.pt", "grapheme.vocab", "phoneme.vocab"])
def test_whatever_is_missing_nothing_is_downloaded(folder: Path, lacking: str) -> None:
    (folder / lacking).unlink()
    assert find_model() is None
    with pytest.raises(MissingExtra, match="not on this machine") as caught:
        TransphoneBackend().phones("ሰላም")
    assert DOWNLOAD in str(caught.value.hint)


def test_without_the_inventory_nothing_is_downloaded(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "phonepiece" / "model")
    assert find_model() is None


def test_phones_come_out_in_our_symbols(monkeypatch: pytest.MonkeyPatch) -> None:
    class Module:
        @staticmethod
        def read_g2p(device: str) -> Said:
            assert device == "cpu"
            return Said()

    monkeypatch.setattr(transphone_backend, "find_model", lambda: Path("model.pt"))
    monkeypatch.setattr(transphone_backend.importlib, "import_module", lambda _: Module)  # type: ignore[attr-defined]
    assert TransphoneBackend().phones("ቻጋ") == ("t͡ʃ", "ɡ", "a")
