"""``store.json``: what all utterances of a code store have in common. Knows no utterance."""

from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import ValidationError, model_validator

from amhctl.codes.layout import Layout
from amhctl.config.acoustics import AcousticsConfig, SpeakerEncoderConfig
from amhctl.config.codec_spec import CodecSpec
from amhctl.config.conditioning import SpeechEncoderConfig
from amhctl.config.document import Document
from amhctl.config.mel import MelConfig
from amhctl.core.documents import read_json
from amhctl.core.errors import DatasetError, DocumentError
from amhctl.core.files import recover_folder, write_text_atomically
from amhctl.core.outputs import FolderKind
from amhctl.core.units import Precision

FORMAT_VERSION: Final = 2
_NAME = "store.json"
_MEMBERS = (
    "index-*.jsonl",
    "codes-*.bin",
    "features-*.bin",
    "encoder-*.bin",
    "acoustics-*.bin",
    "speaker-*.bin",
    "failed-*.jsonl",
    "alignment.npz",
    # What is remembered of it, and costs time and nothing else when it is lost.
    ".proof-*.json",
    ".pieces-*.npz",
    ".prompt-*.safetensors",
)
STORE = FolderKind(
    "a code store",
    _NAME,
    frozenset({"codec", "mel"}),
    _MEMBERS,
)
_ANEW = "extract it again with this version: amhctl codes extract MANIFEST -o STORE"


class StoreDocument(Document):
    """``store.json``."""

    format_version: Literal[2] = FORMAT_VERSION
    codec: CodecSpec
    mel: MelConfig
    level: float | None = None
    """Speech level in dBFS; None of earlier versions' stores whose recordings were left as they were."""
    precision: Precision = "fp32"
    encoder: SpeechEncoderConfig | None = None
    acoustics: AcousticsConfig | None = None
    """What is measured for FlowVoices, and by which encoder the speaker; both, or neither."""
    speaker: SpeakerEncoderConfig | None = None

    @model_validator(mode="after")
    def _check_acoustics(self) -> Self:
        if (self.acoustics is None) != (self.speaker is None):
            raise ValueError("acoustics and speaker must be given together")
        return self

    @classmethod
    def of(
        cls,
        spec: CodecSpec,
        mel: MelConfig,
        level: float | None,
        precision: Precision = "fp32",
        encoder: SpeechEncoderConfig | None = None,
        acoustics: AcousticsConfig | None = None,
        speaker: SpeakerEncoderConfig | None = None,
    ) -> "StoreDocument":
        """Return the document of a store that is to be written."""
        return cls(
            codec=spec,
            mel=mel,
            level=level,
            precision=precision,
            encoder=encoder,
            acoustics=acoustics,
            speaker=speaker,
        )

    def to_json(self) -> str:
        """Return it as it is written: without the precision if that is fp32, and without what the store does not have.

        A store's fingerprint covers these values too: one that has none keeps its own, whatever version made it.
        """
        usual = {key for key in ("encoder", "acoustics", "speaker") if getattr(self, key) is None}
        return self.model_dump_json(indent=1, exclude=usual | ({"precision"} if self.precision == "fp32" else set()))

    @property
    def layout(self) -> Layout:
        """What it holds of each utterance."""
        return Layout(
            self.codec.codebooks,
            self.codec.codebook_size,
            self.mel.bins,
            0 if self.encoder is None else self.encoder.width,
            0 if self.acoustics is None else self.acoustics.width,
            0 if self.speaker is None else self.speaker.width,
        )

    def differences(self, other: "StoreDocument") -> tuple[str, ...]:
        """Return the settings in which another store's codes or features differ."""
        ours, theirs = self._settings(), other._settings()
        # Of what only one of them has, it is enough to say so.
        return tuple(f"{key} {ours[key]} ≠ {theirs[key]}" for key in ours if ours[key] != theirs.get(key, ours[key]))

    def _settings(self) -> dict[str, object]:
        mel = {f"mel.{key}": value for key, value in self.mel.model_dump().items()}
        encoder = {} if self.encoder is None else self.encoder.model_dump(exclude={"encoder"})
        return {
            **self.codec.model_dump(),
            **mel,
            "level": self.level,
            "precision": self.precision,
            "features": "mel" if self.encoder is None else self.encoder.encoder,
            **{f"encoder.{key}": value for key, value in encoder.items()},
            "acoustics": "no" if self.acoustics is None else "yes",
            **_flatten("acoustics", self.acoustics),
            **_flatten("speaker", self.speaker),
        }


def _flatten(name: str, document: Document | None) -> dict[str, object]:
    """Return the values of a document, those of documents within it too, each by its name."""
    flat: dict[str, object] = {}
    for key, value in document or ():
        flat |= _flatten(f"{name}.{key}", value) if isinstance(value, Document) else {f"{name}.{key}": value}
    return flat


def is_store(folder: Path) -> bool:
    """Return whether a folder is a code store."""
    recover_folder(folder)
    return (folder / _NAME).exists()


def write_document(folder: Path, document: StoreDocument) -> None:
    """Write ``store.json``, whole or not at all."""
    write_text_atomically(folder / _NAME, document.to_json() + "\n")


def remove_store(folder: Path) -> None:
    """Remove the files of a store, and its folder if nothing else is in it."""
    for pattern in (*_MEMBERS, _NAME):
        for file in folder.glob(pattern):
            file.unlink()
    with suppress(OSError):
        folder.rmdir()


def read_document(folder: Path) -> StoreDocument:
    """Read ``store.json``.

    Raises
    ------
    DatasetError
        If there is no store, or it is damaged or of another format.
    """
    recover_folder(folder)
    file = folder / _NAME
    try:
        content = read_json(file)
        _require_format(content, file)
        return StoreDocument.model_validate(content)
    except OSError as error:
        raise DatasetError(
            "there is no code store at this path", subject=str(folder), hint="make one with: amhctl codes extract"
        ) from error
    except DocumentError as error:
        raise DatasetError(f"store.json is damaged: {error.message}", subject=str(file), hint=_ANEW) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise DatasetError(
            f"store.json is damaged: {'.'.join(map(str, first['loc']))}: {first['msg']}",
            subject=str(file),
            hint=_ANEW,
        ) from error


def _require_format(content: object, file: Path) -> None:
    """Refuse a store of another format before its keys are compared with those of this one."""
    version = content.get("format_version") if isinstance(content, dict) else None
    if not isinstance(version, int) or isinstance(version, bool) or version == FORMAT_VERSION:
        return
    if version > FORMAT_VERSION:
        raise DatasetError(
            f"the code store has format {version}, this version of amhctl reads {FORMAT_VERSION}",
            subject=str(file),
            hint="upgrade amhctl",
        )
    raise DatasetError(
        f"the code store has the old format {version}, this version of amhctl reads {FORMAT_VERSION}",
        subject=str(file),
        hint=_ANEW,
    )
