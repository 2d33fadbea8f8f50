"""A clean world of recordings in which one fault at a time is planted: one for every code of ``data check``.

Speaker a has 24 clips, b has 2: what is unusual for a speaker is planted at a, all else at b. A plant changes the
records, writes recordings, and returns the subject of the finding that it asks for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from support.speechlike import between_silences, vowel_train

from amhctl.audio import files
from amhctl.audio.resample import resample
from amhctl.audio.waveform import Waveform
from amhctl.corpus.records import Record, write_records
from amhctl.text.script import LETTERS, build_homophones

_SPOKEN = "ሰላም ዓለም እንዴት ዛሬ ጥሩ ቀን አዲስ አበባ ትልቅ ከተማ ልጆች ወደ ትምህርት ቤት እናቴ ቡና ታፈላለች ወንድሜ መጽሐፍ ያነባል ውሃ ጠጣ ወተት ገበያ"
_WORDS = _SPOKEN.split()
_LONG = "አዲስ አበባ ትልቅ ከተማ ናት እናም ልጆች ወደ ትምህርት ቤት ሄዱ።"
_CLEAN = between_silences(vowel_train(seconds=2.0, seed=77)).samples
_RATE = 16_000


def _text(number: int) -> str:
    return " ".join(_WORDS[(number + step) % len(_WORDS)] for step in (0, 5, 11, 17))


@dataclass(slots=True)
class World:
    """Records whose recordings lie in ``folder``, lines that are none, and what the check is asked for besides."""

    folder: Path
    records: dict[str, Record]
    lines: list[str] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)

    def change(self, name: str, **fields: object) -> str:
        """Change a record."""
        self.records[name] = self.records[name].model_copy(update=fields)
        return self.records[name].id

    def record(self, name: str, samples: np.ndarray, rate: int = _RATE, **fields: object) -> str:
        """Give a record a new recording."""
        # Integers cannot hold what is beyond full scale.
        subtype = "FLOAT" if np.abs(samples).max() > 1.5 else "PCM_16"
        soundfile.write(self.folder / "planted.wav", samples, rate, subtype=subtype)
        return self.change(name, audio="planted.wav", **fields)

    def write(self) -> Path:
        """Write the manifest."""
        path = self.folder / "manifest.jsonl"
        write_records(path, self.records.values(), force=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.writelines(self.lines)
        return path


def clean_world(folder: Path) -> World:
    """Write the recordings, unless they are there already, and return the records."""
    records = {}
    for number in range(26):
        name = f"a{number}" if number < 24 else f"b{number - 24}"
        path = folder / f"{name}.wav"
        if not path.exists():
            files.write(path, vowel_train(seconds=2.2, seed=number, pitch=95.0 + 2.0 * number))
        text = _text(number) if number < 24 else f"{_text(number - 17)} {_WORDS[number - 22]}"
        records[name] = Record(id=name, audio=path.name, text=text, speaker=name[0], session=name[0], split="train")
    return World(folder, records)


def _noise(scale: float, size: int = _CLEAN.size) -> np.ndarray:
    return np.random.default_rng(0).normal(0.0, scale, size)


def _hum() -> np.ndarray:
    times = np.arange(_CLEAN.size) / _RATE
    return sum(0.004 * np.sin(2 * np.pi * hertz * times) for hertz in (50, 100))  # type: ignore[return-value]


def _cut_file(world: World) -> str:
    files.write(world.folder / "whole.wav", Waveform(_CLEAN, _RATE))
    (world.folder / "planted.wav").write_bytes((world.folder / "whole.wav").read_bytes()[:20_000])
    return world.change("b0", audio="planted.wav")


def _empty_file(world: World) -> str:
    (world.folder / "planted.wav").write_bytes(b"")
    return world.change("b0", audio="planted.wav")


def _bad_line(world: World) -> str:
    world.lines.append("{oops\n")
    return "manifest.jsonl:27"


def _coded_copy(world: World) -> str:
    (world.folder / "whole.ogg").write_bytes(files.encode(files.read(world.folder / "a0.wav"), "ogg"))
    coded = files.read(world.folder / "whole.ogg")
    return world.record("b0", 0.7 * coded.samples[3_000:])


def _shared(world: World, what: str) -> str:
    world.options["disjoint"] = (what,)
    world.change("b0", split="test")
    return "b"


def _near_leak(world: World) -> str:
    world.options["audio"] = False
    world.change("a0", text=_LONG)
    return world.change("b0", text=_LONG.replace("ትልቅ", "ሰፊ"), split="test")


def _lone_speaker(world: World) -> str:
    world.records["c0"] = world.records.pop("b0").model_copy(update={"speaker": "c"})
    world.records.pop("b1")
    return "c"


def _unbalanced(world: World) -> str:
    for name in ("a0", "a1"):
        world.change(name, speaker="c")
    return "a"


def _unknown_pieces(world: World) -> str:
    world.options["vocabulary_of"] = [f"{record.text} ።" for record in world.records.values()]
    return world.change("b0", text=f"{_text(1)} ጳጳስ")


def _corpus(world: World, letters: str) -> None:
    """Replace all records by 200 short texts of some letters, each text once; nothing of them is recorded."""
    world.options["audio"] = False
    words = ["".join(letters[(place + step) % len(letters)] for step in range(3)) for place in range(len(letters))]
    words *= 2 * (1 + 200 // len(words))
    world.records = {
        str(number): Record(id=str(number), audio="none.wav", text=f"{words[number]} {words[number // 16 + 1]}")
        for number in range(max(200, len(letters)))
    }


def _missing_phones(world: World) -> str:
    _corpus(world, "ለመሰረነበተከወ" + "ሊሚሲሪኒቢቲኪዊ")
    return "phones"


def _rare_sounds(world: World) -> str:
    _corpus(world, "".join(sorted(set(LETTERS.translate(str.maketrans(build_homophones()))) - set("ሏሟ"))))  # type: ignore[arg-type]
    return "fidel"


Plant = Callable[[World], str]

PLANTS: dict[str, Plant] = {
    "D001": _bad_line,
    "D002": lambda world: world.change("b0", id="a0"),
    "D010": lambda world: world.change("b0", audio="none.wav"),
    "D011": _cut_file,
    "D012": _empty_file,
    "D013": lambda world: world.change("b0", offset=1.0, duration=9.0),
    "D014": lambda world: world.record("b0", 0.2 * np.clip(_CLEAN * 20, -1, 1)),
    "D015": lambda world: world.record("b0", _CLEAN[6_000:11_000], text="ና"),
    "D016": lambda world: world.record("b0", np.tile(_CLEAN, 13), text=" ".join(_text(n) for n in range(3, 11))),
    "D017": lambda world: world.record("b0", vowel_train(seconds=2.0, seed=77, sample_rate=8_000).samples, 8_000),
    "D018": lambda world: world.record("b0", _CLEAN + 0.02),
    "D019": lambda world: world.record("b0", _CLEAN * 0.02),
    "D020": lambda world: world.record("b0", _noise(3e-4)),
    "D021": lambda world: world.record("b0", _CLEAN + _noise(0.05)),
    "D022": lambda world: world.record("b0", np.pad(_CLEAN, (20_000, 0))),
    "D023": lambda world: world.record("b0", np.pad(_CLEAN, (0, 20_000))),
    "D024": lambda world: world.record("b0", np.stack([_CLEAN, _CLEAN], axis=1)),
    "D025": lambda world: world.change("b0", sha256="0" * 64),
    "D026": lambda world: world.record(
        "b0", resample(vowel_train(seconds=3.0, seed=77, sample_rate=8_000), _RATE).samples
    ),
    "D027": lambda world: world.record("b0", _CLEAN + _hum()),
    "D028": lambda world: world.record("b0", np.concatenate([_CLEAN, np.zeros(28_000), vowel_train(seed=5).samples])),
    "D029": lambda world: world.record("a3", _CLEAN * 0.2),
    "D030": lambda world: world.change("b0", text=" "),
    "D031": lambda world: world.change("b0", text="..."),
    "D032": lambda world: world.change("b0", text="ዛሬ 25 ቀን ነው።"),
    "D033": lambda world: world.change("b0", text="ይህ WHO ነው እኮ።"),
    "D034": lambda world: world.change("b0", text=f"{_text(1)} \ufffd ነው"),
    "D035": lambda world: world.change("b0", text="\u1249"),
    "D036": _unknown_pieces,
    "D037": lambda world: world.change("b0", text="ይህ ነው አሉ እኮ Организация"),
    "D038": lambda world: world.change("b0", text=f"{_text(1)} ነው!!!!"),
    "D039": lambda world: world.change("b0", text="ግ/ክ ሄደ አሉ እኮ።"),
    "D040": lambda world: world.change("b0", text=" ".join(_text(n) for n in range(3, 7))),
    "D041": lambda world: world.change("b0", text="ና"),
    "D042": lambda world: world.change("a3", text=" ".join(_text(n) for n in (1, 2))),
    "D050": lambda world: world.change("b0", audio="a0.wav"),
    "D051": lambda world: world.change("b0", audio="a0.wav", text=_text(0)),
    "D052": lambda world: world.change("b1", text=world.records["b0"].text),
    "D053": lambda world: world.change("b0", text=_text(0), split="test"),
    "D054": _lone_speaker,
    "D055": _coded_copy,
    "D056": lambda world: world.change("b1", text=world.records["b0"].text.replace(" ", "")),
    "D057": _near_leak,
    "D058": lambda world: _shared(world, "speaker"),
    "D059": lambda world: _shared(world, "session"),
    "D071": _unbalanced,
    "D072": lambda world: world.change("b0", text=_text(1).replace("ሰላም", "ሠላም") + " ሠላም") and "words",
    "D073": _missing_phones,
    "D074": _rare_sounds,
    "D090": lambda world: world.record("b0", _CLEAN * 32_768.0),
}

ALSO: dict[str, frozenset[str]] = {
    # A manifest without some phones lacks their fidel, too.
    "D073": frozenset({"D074"}),
    # Letters of other scripts are both: unspeakable, and a text of another script.
    "D037": frozenset({"D034"}),
}
"""Codes that a fault cannot but bring with it."""
