"""Twin of ``workflows/text/explain.py``."""

import json
from pathlib import Path

import pytest
from support.voices import tiny_voice_folder

from amhctl.config.text import TextConfig
from amhctl.core.errors import CheckpointError, SynthesisError
from amhctl.core.progress import SilentProgress
from amhctl.inference.assemble import load_voice
from amhctl.text.frontend import Frontend
from amhctl.tokenizer.vocabulary import Vocabulary
from amhctl.workflows.text.explain import ExplainedWord, ExplainTextRequest, run

WRITTEN = "በ3ኛው ቀን ገና[[ɡənna]] CBE"


@pytest.fixture(scope="module")
def voice_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_voice_folder(tmp_path_factory.mktemp("voice"))


def test_a_voice_explains_by_its_own_state_and_sees_the_ids_it_speaks(voice_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_text("CBE\tሲ ቢ ኢ\n", encoding="utf-8")
    request = ExplainTextRequest(WRITTEN, voice=str(voice_folder), lexicons=(tmp_path / "names.tsv",))
    report = run(request, SilentProgress())
    assert report.spoken.text == "በሦስተኛው ቀን ገና[[ɡənna]] ሲ ቢ ኢ"
    assert [entry.rule for entry in report.spoken.trace] == ["lexicon", "number"]
    assert ExplainedWord("ገና[[ɡənna]]", ("ɡ", "ə", "n", "n", "a")) in report.words
    voice = load_voice(str(voice_folder))
    assert report.ids == voice.tokenizer.encode(report.units)
    assert report.pieces == voice.tokenizer.pieces(report.units)
    assert report.reader == f"voice {voice_folder}"
    assert report.payload()["ids"] == list(report.ids)


def test_the_package_explains_with_a_vocabulary(voice_folder: Path) -> None:
    path = voice_folder / "vocabulary.model"
    report = run(ExplainTextRequest("3 ሰዎች", vocabulary=path, sets=("text.hundred=አንድ መቶ",)), SilentProgress())
    units = Vocabulary.read(path).units
    expected = Frontend(TextConfig.model_validate({"units": units, "hundred": "አንድ መቶ"}))
    assert report.state == expected.state_hash
    assert report.spoken.text == "ሦስት ሰዎች"
    assert report.ok
    assert report.findings == ()


def test_what_is_no_voice_or_a_tampered_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SynthesisError, match="voice not found"):
        run(ExplainTextRequest("ሰላም", voice="nobody"), SilentProgress())
    folder = tiny_voice_folder(tmp_path)
    state = json.loads((folder / "text_state.json").read_text(encoding="utf-8"))
    state["tables"]["numerals"]["3"] = "ሶስት"
    (folder / "text_state.json").write_text(json.dumps(state), encoding="utf-8")
    with pytest.raises(CheckpointError, match="hash"):
        run(ExplainTextRequest("3", voice=str(folder)), SilentProgress())
