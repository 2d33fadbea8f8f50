"""Twin of ``training/readings.py``."""

import threading
from pathlib import Path

import pytest

from amhctl.config.text import TextConfig
from amhctl.core.lock import hold
from amhctl.core.progress import SilentProgress
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.tokenizer import Tokenizer
from amhctl.tokenizer.train import train_vocabulary
from amhctl.training.readings import Readings, Unread, read_texts

TEXTS = ["ሰላም ለዓለም", "ቡና ጠጣ", "…", "xyz ጉድ", "ሰላም ለዓለም"]
FRONTEND = Frontend(TextConfig(units="fidel"))
TOKENIZER = Tokenizer(train_vocabulary(["ሰላም ለዓለም", "ቡና ጠጣ"], size=400, units="fidel", model_type="char"))
OTHER_TOKENIZER = Tokenizer(train_vocabulary(["ሰላም", "ቡና ጠጣ"], size=400, units="fidel", model_type="bpe"))


class Watched(Frontend):
    """A frontend that says what it was asked to read."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__(config)
        self.asked: list[str] = []

    def units(self, text: str) -> str:
        self.asked.append(text)
        return super().units(text)


class Words(SilentProgress):
    """Remembers what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)


def read(folder: Path, texts: list[str] = TEXTS, *, tokenizer: Tokenizer = TOKENIZER, **config: bool) -> list[str]:
    """Read texts and return those that were really read, each once."""
    frontend = Watched(TextConfig(units="fidel", **config))
    readings = read_texts(folder, texts, frontend, tokenizer, SilentProgress())
    fresh = Readings()
    for text in texts:
        fresh.read(text, Frontend(TextConfig(units="fidel", **config)), tokenizer)
    assert [readings[text] for text in texts] == [fresh[text] for text in texts]
    return frontend.asked


def test_a_text_is_read_once_and_what_cannot_be_read_is_known_too(tmp_path: Path) -> None:
    assert read(tmp_path) == TEXTS[:4]
    assert read(tmp_path) == []
    readings = read_texts(tmp_path, TEXTS, FRONTEND, TOKENIZER, SilentProgress())
    assert len(readings) == 4
    unspoken, spoken = readings["…"], readings["ቡና ጠጣ"]
    assert isinstance(unspoken, Unread)
    assert unspoken.fault == "text"
    assert unspoken.reason
    assert isinstance(spoken, tuple)
    assert [file.name for file in tmp_path.glob("*")] == [file.name for file in tmp_path.glob(".pieces-*.npz")]


def test_only_a_text_that_is_new_is_read(tmp_path: Path) -> None:
    read(tmp_path)
    assert read(tmp_path, [*TEXTS, "ቡና"]) == ["ቡና"]
    assert read(tmp_path, ["ቡና", "ሰላም ለዓለም"]) == []


def test_another_text_state_or_vocabulary_reads_anew(tmp_path: Path) -> None:
    read(tmp_path)
    assert read(tmp_path, fold_homophones=True) == TEXTS[:4]
    assert read(tmp_path, tokenizer=OTHER_TOKENIZER) == TEXTS[:4]
    assert read(tmp_path) == []


def test_a_store_does_not_fill_up_with_readings(tmp_path: Path) -> None:
    for number in range(6):
        (tmp_path / f".pieces-{number}.npz").write_bytes(b"")
    read(tmp_path)
    assert len(list(tmp_path.glob(".pieces-*.npz"))) == 4


@pytest.mark.parametrize("damage", [b"", b"PK", None])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes | None) -> None:
    read(tmp_path)
    (file,) = tmp_path.glob(".pieces-*.npz")
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2] if damage is None else damage)
    assert read(tmp_path) == TEXTS[:4]
    assert read(tmp_path) == []


def test_where_nothing_can_be_written_texts_are_read_each_time(tmp_path: Path) -> None:
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    assert read(nowhere) == TEXTS[:4]
    assert read(nowhere) == TEXTS[:4]


def test_an_interrupted_reading_keeps_what_was_read(tmp_path: Path) -> None:
    class Interrupted(SilentProgress):
        def advance(self, amount: int = 1, note: str = "") -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        read_texts(tmp_path, TEXTS, FRONTEND, TOKENIZER, Interrupted())
    assert read(tmp_path) == TEXTS[1:4]


def test_another_process_is_waited_for_and_not_repeated(tmp_path: Path) -> None:
    read(tmp_path)
    (file,) = tmp_path.glob(".pieces-*.npz")
    content = file.read_bytes()
    file.unlink()
    words, frontend = Words(), Watched(TextConfig(units="fidel"))
    thread = threading.Thread(target=read_texts, args=(tmp_path, TEXTS, frontend, TOKENIZER, words))
    with hold(file.with_suffix(".lock"), what="normalising the texts"):
        thread.start()
        while not words.said:
            pass
        file.write_bytes(content)
    thread.join()
    assert frontend.asked == []
    assert "normalising the texts is in use" in words.said[0]
