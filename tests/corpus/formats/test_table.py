from pathlib import Path

import pytest

from amhctl.core.errors import DatasetError
from amhctl.corpus.formats.row import Row
from amhctl.corpus.formats.table import ljspeech_fault, read_common_voice, read_ljspeech, read_piper, write_ljspeech

_HEADER = "client_id\tpath\tsentence\tup_votes\tlocale"


def _touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def _lines(path: Path, *lines: str) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _faults(rows: list[Row]) -> dict[str, str]:
    return {row.subject: row.fault for row in rows if row.fault}


def test_ljspeech_ids_keep_their_dots(tmp_path: Path) -> None:
    _touch(tmp_path, "wavs/a.b.wav", "wavs/c.wav")
    _lines(tmp_path / "metadata.csv", 'a.b|ሰላም "5|x', "c.wav|ዓለም", "d|ቡና", "e")
    rows = list(read_ljspeech(tmp_path))
    assert [row.values["id"] for row in rows[:2]] == ["a.b", "c"]
    assert rows[0].values["text"] == 'ሰላም "5'
    assert _faults(rows) == {
        "metadata.csv:3": "no recording of 'd' in wavs/",
        "metadata.csv:4": "1 fields instead of id|text|normalised text",
    }
    with pytest.raises(DatasetError, match=r"metadata\.csv"):
        list(read_ljspeech(tmp_path / "wavs"))


def test_ljspeech_written_is_read(tmp_path: Path) -> None:
    _touch(tmp_path, "wavs/ሀ.wav", "wavs/b.wav")
    pairs = [("ሀ", 'ሰላም "፣ ዓለም'), ("b", "a\u2028b\tc")]
    write_ljspeech(tmp_path / "metadata.csv", pairs)
    assert [(row.values["id"], row.values["text"]) for row in read_ljspeech(tmp_path)] == pairs


@pytest.mark.parametrize("name", ["a/b", "a|b", "a.wav", " a", "..", "ሀ" * 70])
def test_ids_that_are_no_file_names(name: str) -> None:
    assert ljspeech_fault(name, "ሰላም").startswith("the id ")


def test_texts_that_would_be_cut() -> None:
    assert ljspeech_fault("a.b", "ሰላም") == ""
    assert "line break" in ljspeech_fault("a", "ሰ|ላ")
    assert "line break" in ljspeech_fault("a", "ሰ\nላ")


def test_piper(tmp_path: Path) -> None:
    _touch(tmp_path, "wav/a.wav", "b.flac")
    _lines(tmp_path / "metadata.csv", "a|ሀና|ሰላም", "b.flac|ዓለም", "|", "a|b|c|d")
    rows = list(read_piper(tmp_path))
    assert [row.values.get("speaker") for row in rows[:2]] == ["ሀና", ""]
    assert _faults(rows) == {"metadata.csv:4": "4 fields instead of id|text or id|speaker|text"}


def test_common_voice_splits_and_the_rest(tmp_path: Path) -> None:
    _touch(tmp_path, *(f"clips/{name}.mp3" for name in "abcd"))
    _lines(tmp_path / "train.tsv", _HEADER, 'k1\ta.mp3\tሰላም "\t2\tam')
    _lines(tmp_path / "dev.tsv", _HEADER, "k2\tb.mp3\tዓለም\t2\tam", "k2\tb.mp3")
    _lines(tmp_path / "validated.tsv", _HEADER, "k1\ta.mp3\tሰላም\t2\tam", "k3\tc\tቡና\t2\tam", "k3\tz.mp3\tቡና\t2\tam")
    _lines(tmp_path / "other.tsv", _HEADER, "k4\td.mp3\tሻይ\t0\tam")
    rows = list(read_common_voice(tmp_path))
    good = [row for row in rows if not row.fault]
    assert [(row.values["id"], row.values["split"], row.values["speaker"]) for row in good] == [
        ("a", "train", "k1"),
        ("b", "valid", "k2"),
        ("c", "", "k3"),
    ]
    assert good[0].values["text"] == 'ሰላም "'
    assert good[0].unknown == ("up_votes",)
    assert _faults(rows) == {
        "dev.tsv:3": "2 fields instead of 5",
        "validated.tsv:4": "no recording of 'z.mp3' in clips/",
        "other.tsv": "not read: these clips are not validated",
    }
    assert [row.values["id"] for row in read_common_voice(tmp_path / "train.tsv")] == ["a"]


def test_what_is_no_common_voice(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"train\.tsv"):
        list(read_common_voice(tmp_path))
    _lines(tmp_path / "train.tsv", "a\tb")
    with pytest.raises(DatasetError, match="header"):
        list(read_common_voice(tmp_path))
