"""The whole life of a voice on a tiny world, by the commands that the README gives, from import to eval."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from support.listening import answer_all, as_document
from support.official import official_files
from support.speechlike import vowel_train
from typer.testing import CliRunner

from amhctl.audio.files import write
from amhctl.cli.main import build_app
from amhctl.evaluation.listening.design import read_test
from amhctl.inference import code_voice, spectrogram_voice

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
TEXTS = (
    "ሰላም ለዓለም ይሁን።",
    "ቡና ጠጣ።",
    "አዲስ አበባ ትልቅ ከተማ ናት።",
    "ውሃ ፈሰሰ።",
    "ልጁ ሮጠ።",
    "ዛሬ ሰኞ ነው።",
    "እንጀራ በላሁ።",
    "ትምህርት ቤት ሄደች።",
    "መጽሐፍ አነበበ።",
    "ክረምት መጣ።",
    "ወንድሜ ደወለ።",
    "ፀሐይ ወጣች።",
    "ገበያ ሄድን።",
    "በሬው አረሰ።",
    "ዝናብ ጣለ።",
    "ቤቱ ሰፊ ነው።",
)


SERVERS = {"serve", "listen-serve"}
"""They run until a signal ends them; their own tests hold what they print against the schema."""


class World:
    """A project folder and the command line in it; what every command prints is held against its schema."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: set[str] = set()

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def run(self, *arguments: str, code: int = 0) -> dict[str, object]:
        """Run a command with ``--json`` and return its object."""
        result = CliRunner().invoke(build_app(), [*arguments, "--json"])
        assert result.exit_code == code, f"{arguments}: exit {result.exit_code}\n{result.output}\n{result.exception!r}"
        document: dict[str, object] = json.loads(result.stdout)
        assert document["ok"] is (code == 0)
        name = "error" if code == 3 else str(document["command"]).replace(" ", "-")
        jsonschema.validate(document, json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8")))
        self.commands.add(name)
        return document


def recognise(world: World, manifest: str) -> None:
    """Train a recogniser of noise, and find the words of the bundled voice by the bundled recogniser."""
    trained = world.run("recogniser", "train", manifest, "-o", world.path("ears"), "--preset", "tiny")
    assert world.run("recogniser", "show", str(trained["recogniser"]))["recognisers"]
    assert world.run("recogniser", "score", manifest, "--recogniser", str(trained["recogniser"]))["clips"]
    assert world.run("recogniser", "list")["recognisers"]
    text = world.folder / "said.txt"
    text.write_text("ሰላም ለሁሉም ሰው። ዛሬ ጥሩ ቀን ነው።\n", encoding="utf-8")
    world.run("speak", "--file", str(text), "-o", world.path("said.wav"))
    assert world.run("data", "align", world.path("said.wav"), str(text), "-o", world.path("aligned"))["utterances"]


def listen(world: World, evaluation: str) -> None:
    """Ask two people which is better, the voice or the recordings."""
    given = ("--system", f"voice={evaluation}", "--reference", f"natural={evaluation}", "--training", "0")
    world.run("listen", "new", world.path("listening"), "--kind", "ab", *given)
    test = read_test(world.folder / "listening")
    (world.folder / "listening" / "ratings").mkdir()
    for name in ("one", "two"):
        answers = as_document(test, answer_all(test, name, lambda system, _: float(system == "natural")))
        (world.folder / "listening" / "ratings" / f"{name}.json").write_text(answers.model_dump_json())
    scores: Any = world.run("listen", "score", world.path("listening"), "--report", world.path("scores.html"))["scores"]
    assert (scores["natural"]["value"], scores["voice"]["value"]) == (1.0, 0.0)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a folder with recordings; a toy voice's noise is not judged."""
    random = np.random.default_rng(0)
    lines = []
    for index, text in enumerate(TEXTS):
        clip = vowel_train(seconds=float(random.uniform(1.6, 2.4)), seed=index)
        write(tmp_path / "wav" / f"{index}.wav", clip)
        lines.append(json.dumps({"id": f"u{index}", "audio": f"wav/{index}.wav", "text": text, "speaker": "s1"}))
    (tmp_path / "raw.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for module in (code_voice, spectrogram_voice):
        monkeypatch.setattr(module, "judge", lambda *_arguments, **_options: ())
    monkeypatch.chdir(tmp_path)
    return World(tmp_path)


@pytest.mark.journey
def test_from_recordings_to_a_measured_voice(world: World) -> None:
    world.run("init", world.path("project"))
    assert world.run("data", "import", "jsonl", world.path("raw.jsonl"), "-o", world.path("data"))["records"] == 16
    world.run("data", "check", world.path("data/manifest.jsonl"), "--report", world.path("check.html"))
    split = world.run(
        "data",
        "split",
        world.path("data/manifest.jsonl"),
        "-o",
        world.path("split.jsonl"),
        "--valid",
        "0.2",
        "--test",
        "0.2",
    )
    assert set(split["splits"]) == {"train", "valid", "test"}  # type: ignore[call-overload]
    manifest = world.path("split.jsonl")
    assert world.run("data", "export", manifest, "jsonl", "-o", world.path("handed"))["records"] == 16
    assert world.run("data", "pairs", manifest, "-o", world.path("pairs.jsonl"))["ok"]
    # Each clip is measured before and after, which takes its time: two are enough.
    two = world.folder / "data" / "two.jsonl"
    lines = Path(world.path("data/manifest.jsonl")).read_text(encoding="utf-8").splitlines()
    two.write_text("\n".join(lines[:2]) + "\n", encoding="utf-8")
    assert world.run("data", "clean", str(two), "-o", world.path("clean"))["ok"]

    world.run("codec", "train", manifest, "-o", world.path("codec"), "--preset", "tiny", "--name", "toy")
    codec = world.path("codec/codec")
    assert world.run("codec", "show", codec)["codecs"]
    vocabulary = world.path("phones.model")
    assert world.run("vocab", "train", manifest, "-o", vocabulary, "--units", "phones")["unknown_rate"] == 0
    assert world.run("vocab", "check", vocabulary, manifest)["unknown_rate"] == 0

    store = world.path("store")
    extracted = world.run("codes", "extract", manifest, "--codec", codec, "-o", store, "--level", "-20")
    assert (extracted["utterances"], extracted["failed"]) == (16, [])
    assert world.run("codes", "extract", manifest, "--codec", codec, "-o", store, "--level", "-20")["new"] == 0
    # Twenty steps make no codec that can be understood; nothing else may be wrong with its codes.
    checked = world.run("codes", "check", store, "--codec", codec, code=1)
    findings: list[dict[str, object]] = checked["findings"]  # type: ignore[assignment]
    assert {item["code"] for item in findings if item["severity"] == "error"} == {"X118"}
    assert world.run("codes", "verify", store)["findings"] == []
    world.run("codes", "merge", store, "-o", world.path("merged"))
    assert world.run("codes", "align", store, "--vocab", vocabulary)["utterances"] == 16

    run = world.path("run")
    parts = ("--preset", "tiny", "--data", store, "--vocab", vocabulary, "--codec", codec, "--device", "cpu")
    world.run("train", *parts, "-o", run, "--dry-run")
    trained = world.run("train", *parts, "-o", run)
    assert trained["steps"] == 20
    voice = str(trained["checkpoint"])

    assert world.run("ckpt", "validate", voice, "--vocab", vocabulary)["findings"] is not None
    assert world.run("ckpt", "diff", voice, voice)["differences"] == []
    world.run("ckpt", "export", voice, "-o", world.path("handed-on"))
    world.run("ckpt", "average", voice, voice, "-o", world.path("mean"))
    assert world.run("ckpt", "prune", run, "--keep", "1")["kept"]
    sets = ("training.steps=2", "training.adapter.method=lora", "training.adapter.keep=adapter")
    chosen = [part for each in sets for part in ("--set", each)]
    tuned = world.run("train", *parts, "--base", voice, "-o", world.path("tuned"), *chosen)
    world.run("ckpt", "merge", str(tuned["checkpoint"]), "--base", voice, "-o", world.path("whole"))
    output = world.path("hello.wav")
    # Random weights say nothing that a recogniser knows.
    options = ("--no-check", "--voice", voice, "--codec", codec, "--device", "cpu")
    spoken = world.run("speak", "ሰላም ዓለም", "-o", output, *options)
    assert spoken["seconds"]
    assert world.run("speak", "ሰላም", "-o", output, *options, code=3)["error"]
    again = world.path("again.wav")
    world.run("speak", "ሰላም ዓለም", "-o", again, *options)
    assert Path(again).read_bytes() == Path(output).read_bytes()

    measured = world.run(
        "eval", voice, "--set", manifest, "--codec", codec, "--report", world.path("eval.html"), "--device", "cpu"
    )
    metrics = measured["metrics"]
    assert {"mcd", "text_match", "stops", "speaker_similarity", "realtime_factor"} <= set(metrics)  # type: ignore[call-overload]
    (world.folder / "eval.json").write_text(json.dumps(measured))
    world.run("leaderboard", world.path("eval.json"), "-o", world.path("board.html"))
    listen(world, world.path("eval.json"))
    recognise(world, manifest)
    world.run("ckpt", "card", voice, "-o", world.path("README.md"), "--eval", world.path("eval.json"))
    root = str(world.run("ckpt", "sign", world.path("handed-on"))["root"])
    assert "signature" in world.run("ckpt", "validate", world.path("handed-on"), "--root", root)["checked"]  # type: ignore[operator]
    gate = ("--fail-under", "mcd=0.001")
    world.run("eval", voice, "--set", manifest, "--codec", codec, "--limit", "1", *gate, "--device", "cpu", code=1)

    world.run("text", "normalize", "በ2017 ዓ.ም 5% ጨመረ", "--trace")
    world.run("text", "phones", "ሰላም ዓለም")
    world.run("text", "split", "ሰላም። ዓለም።")
    world.run("text", "explain", "በ3ኛው ቀን", "--voice", voice)
    for conversion, written in (("number", "2500"), ("date", "2026-11-21"), ("romanize", "ሰላም ዓለም"), ("fold", "ሠላም")):
        world.run("text", conversion, written)
    (world.folder / "more.txt").write_text("ኧረ ጵጵስና ዟ\n", encoding="utf-8")
    fidel = world.path("fidel.model")
    world.run("vocab", "train", manifest, "-o", fidel, "--units", "fidel", "--size", "420")
    world.run("vocab", "extend", fidel, world.path("more.txt"), "-o", world.path("more.model"), "--size", "430")
    grown = world.path("grown.model")
    world.run("vocab", "extend", vocabulary, manifest, "-o", grown, "--size", "60")
    world.run("vocab", "grow", grown, "--base-checkpoint", voice, "-o", world.path("grown"))
    for words in (("codec", "list"), ("voices", "list"), ("voices", "show", voice), ("ckpt", "show", voice)):
        world.run(*words)
    theirs = official_files(world.folder / "theirs")
    given = (str(theirs.weights), "--config", str(theirs.config), "--bpe", str(theirs.bpe))
    taken = world.path("taken")
    assert world.run("ckpt", "import", *given, "-o", taken)["tensors"] == len(theirs.tensors)
    world.run("ckpt", "validate", taken)
    world.run("ckpt", "export", taken, "--format", "indextts2", "-o", world.path("given"))
    world.run("config", "show", "--preset", "a100")
    world.run("doctor")
    world.run("bench", "--only", "startup", "--voice", voice, "--codec", codec)
    assert world.commands == {path.stem for path in SCHEMAS.glob("*.json")} - SERVERS


@pytest.mark.journey
def test_from_recordings_to_a_voice_that_draws_spectrograms(world: World) -> None:
    manifest, vocabulary, store, run = (world.path(name) for name in ("split.jsonl", "v.model", "store", "run"))
    world.run("data", "import", "jsonl", world.path("raw.jsonl"), "-o", world.path("data"))
    imported = world.path("data/manifest.jsonl")
    world.run("data", "split", imported, "-o", manifest, "--valid", "0.2", "--test", "0.2")
    world.run("vocab", "train", manifest, "-o", vocabulary, "--units", "phones")
    world.run("codes", "extract", manifest, "--codec", "mel16k", "-o", store, "--acoustics")
    assert world.run("codes", "align", store, "--vocab", vocabulary)["utterances"] == 16

    shape = ("model.text_dim=16", "model.text_layers=1", "model.prosody_layers=1", "model.model_dim=20")
    shape += ("model.layers=2", "model.condition_dim=16", "training.steps=6", "training.valid_every=3")  # type: ignore[assignment]
    sets = [word for value in (*shape, "training.batch_frames=900") for word in ("--set", value)]
    parts = ("--preset", "flow-cpu", "--data", store, "--vocab", vocabulary, "--device", "cpu", *sets)
    world.run("train", *parts, "-o", run, "--dry-run")
    voice = str(world.run("train", *parts, "-o", run)["checkpoint"])

    assert world.run("ckpt", "validate", voice, "--vocab", vocabulary)["ok"]
    world.run("ckpt", "export", voice, "-o", world.path("handed-on"))
    world.run("ckpt", "average", voice, voice, "-o", world.path("mean"))
    shown = world.run("voices", "show", world.path("mean"))
    assert shown["voices"]
    output, again = world.path("hello.wav"), world.path("again.wav")
    for target in (output, again):
        world.run("speak", "ሰላም ዓለም", "--no-check", "--voice", voice, "-o", target, "--device", "cpu")
    assert Path(again).read_bytes() == Path(output).read_bytes()
    said = ("speak", "ሰላም ዓለም", "--no-check", "--voice", voice, "--device", "cpu")
    other = world.path("other.wav")
    world.run(*said, "-o", other, "--pitch", "2", "--steps", "3", "--speaker", "s1", "--speed", "1.2")
    world.run(*said, "-o", world.path("like.wav"), "--reference", world.path("wav/3.wav"))
    assert world.run(*said, "-o", world.path("x.wav"), "--takes", "2", code=3)["error"]
    measured = world.run("eval", voice, "--set", manifest, "--limit", "2", "--device", "cpu")
    assert {"mcd", "text_match", "dnsmos_p808"} <= set(measured["metrics"])  # type: ignore[call-overload]
