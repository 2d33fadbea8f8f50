"""What a render follows from: two renders with the same settings and the same lines have the same samples."""

from dataclasses import asdict
from typing import Any

from amhctl.checkpoint.manifest import Manifest
from amhctl.core.errors import AmhctlError
from amhctl.core.files import sha256_of_file, sha256_of_json
from amhctl.inference.catalog import bundled_voices, read_voice_manifest
from amhctl.inference.longtext import Role
from amhctl.inference.voice import Voice
from amhctl.text.lexicon import Lexicon
from amhctl.workflows.speak_request import SpeakRequest
from amhctl.workflows.speak_source import Source

# What decides only whether speech is let out, not how it sounds.
_NO_SETTINGS = ("attempts", "limits", "most_unspoken")


def settings_of(request: SpeakRequest, voice: Voice[Any], cast: dict[str, Role], source: Source) -> dict[str, object]:
    """Return all that a render follows from beside its lines, as JSON values.

    Parameters
    ----------
    request : SpeakRequest
        How to speak.
    voice : Voice[Any]
        Who speaks.
    cast : dict[str, Role]
        Voices that markup may name.
    source : Source
        What is said.
    """
    given = {"reference": request.clips.reference, "emotion": request.clips.emotion}
    clips = {name: sha256_of_file(path) for name, path in given.items() if path is not None}
    cues = None if source.cues is None else sha256_of_json([asdict(cue) for cue in source.cues])
    return {
        "voice": _identity(voice),
        "codec": request.codec,
        "precision": [voice.precision, request.compiled],
        "cast": {name: _identity(role.voice) for name, role in cast.items()},
        "clips": clips,
        "emotion": [request.clips.emotion_strength, request.clips.emotions],
        "options": {name: value for name, value in asdict(request.options).items() if name not in _NO_SETTINGS},
        "chapters": request.chapters,
        "subtitles_read": cues,
        "fastest": request.fastest if cues else None,
    }


def batch_settings(request: SpeakRequest, lexicon: Lexicon) -> str:
    """Return a digest of all that the items of a batch have in common; no voice is loaded for it.

    Parameters
    ----------
    request : SpeakRequest
        How to speak what does not say so itself.
    lexicon : Lexicon
        How words are read in place of the voice's own readings.

    Raises
    ------
    AmhctlError
        If the voice or its manifest cannot be read.
    """
    return sha256_of_json(
        {
            "voice": _manifest(request.voice),
            "codec": request.codec,
            "precision": [request.precision, request.compiled, request.device],
            "check": request.check,
            "cast": {name: _manifest_or_nothing(place) for name, place in request.cast},
            "bundled": {name: _manifest(name) for name in bundled_voices()},
            "lexicon": asdict(lexicon),
        }
    )


def _manifest(name_or_path: str) -> str:
    return _digest(read_voice_manifest(name_or_path))


def _manifest_or_nothing(name_or_path: str) -> str:
    """Return the digest of a manifest; empty where there is none: what is to be spoken by that voice will say so."""
    try:
        return _manifest(name_or_path)
    except AmhctlError:
        return ""


def _identity(voice: Voice[Any]) -> list[str]:
    return [voice.manifest.name, _digest(voice.manifest), voice.frontend.state_hash]


def _digest(manifest: Manifest) -> str:
    return sha256_of_json(manifest.model_dump(mode="json"))
