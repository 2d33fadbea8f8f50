"""``config.yaml`` of IndexTTS-2: what it says of the network, read and given back. Knows no weights.

Its block ``gpt`` has the names of ``ModelConfig`` (spec of UnifiedVoice, 1.1); every other block describes the parts
after it, which amhctl passes on as they are. The file is YAML, of which only plain data are read: no tags that build
objects, no anchors, by which a few lines can stand for a billion values.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import yaml
from pydantic import JsonValue, ValidationError

from amhctl.config.conditioning import SpeechEncoderConfig
from amhctl.config.unified import ModelConfig
from amhctl.core.documents import MOST_DEPTH, read_limited
from amhctl.core.errors import ConfigError, DocumentError

FEATURES = SpeechEncoderConfig(
    layer=17, width=1_024, sample_rate=16_000, hop_samples=320, normalised=True, fingerprint=""
)
"""What the official model is conditioned on: hidden state 17 of w2v-bert 2.0, by its own mean and deviation."""

VERSION = 2.0
_GIVE = "give the config.yaml that came with the weights"
_MOST_BYTES = 1 << 20
_GPT = "gpt"
_SHAPE = (
    "model_dim",
    "layers",
    "heads",
    "max_text_tokens",
    "max_mel_tokens",
    "number_text_tokens",
    "start_text_token",
    "stop_text_token",
    "number_mel_codes",
    "start_mel_token",
    "stop_mel_token",
    "condition_type",
    "condition_module",
    "emo_condition_module",
)
"""What the block must say. Each is a value of ``ModelConfig`` of the same name."""
_OPTIONAL = ("condition_num_latent",)
_FIXED: Mapping[str, object] = {
    "use_mel_codes_as_input": True,
    "train_solo_embeddings": False,
    "types": 1,
    "max_conditioning_inputs": 1,
    "spk_cond_mode": "conformer",
}
"""What else it may say, and the only value of it for which the network is this one."""
_S2MEL_FIXED: Mapping[str, Mapping[str, object]] = {
    "length_regulator": {
        "is_discrete": False,
        "sampling_ratios": [1, 1, 1, 1],
        "vector_quantize": False,
        "f0_condition": False,
    },
    "DiT": {
        "in_channels": 80,
        "style_condition": True,
        "final_layer_type": "wavenet",
        "target": "mel",
        "f0_condition": False,
        "is_causal": False,
        "long_skip_connection": True,
        "zero_prompt_speech_token": False,
        "time_as_token": False,
        "style_as_token": False,
        "uvit_skip_connection": True,
    },
    "wavenet": {"dilation_rate": 1, "style_condition": True},
}
"""What the block ``s2mel`` may say, and the only values for which the network is the one that amhctl has."""
_WITHOUT_EFFECT = ("mel_length_compression", "checkpointing", "use_accel")
"""What it may say that changes no output."""


def read_official_config(path: Path) -> tuple[ModelConfig, str]:
    """Return the shape that a ``config.yaml`` describes, and its text.

    The shape decodes by upstream's rule of positions, as every program that the file was written for does.

    Raises
    ------
    ConfigError
        If it cannot be read, is of another version, or its block ``gpt`` says something else than this network; every
        such key is named.
    """
    text, document = _read(path)
    found = document.get("version", VERSION)
    if found != VERSION:
        raise ConfigError(
            f"the file has version {found}; only {VERSION} (IndexTTS-2) is supported",
            subject=f"{path}: version",
            hint=_GIVE,
        )
    block = document.get(_GPT)
    if not isinstance(block, dict):
        raise ConfigError("the file has no block gpt", subject=str(path), hint="give the config.yaml of IndexTTS-2")
    faults = _find_faults(block)
    values = {name: block[name] for name in (*_SHAPE, *_OPTIONAL) if name in block}
    try:
        config = ModelConfig.model_validate({**values, "position_rule": "upstream", "condition_dim": FEATURES.width})
    except ValidationError as error:
        # Those that are absent have been named.
        faults += [
            f"{'.'.join(('gpt', *map(str, each['loc'])))}: {each['msg'].removeprefix('Value error, ')}"
            for each in error.errors()
        ]
        raise _refused(path, faults) from None
    if faults:
        raise _refused(path, faults)
    return config, text


def read_attention_heads(path: Path) -> int:
    """Return the attention heads of the s2mel network that a ``config.yaml`` describes.

    They are the one number that its tensors do not show. Whatever else in the block changes what the network computes
    must have the published value.

    Raises
    ------
    ConfigError
        If the file cannot be read, or describes another network; every such key is named.
    """
    block = _read(path)[1].get("s2mel")
    blocks = {name: each for name, each in block.items() if isinstance(each, dict)} if isinstance(block, dict) else {}
    faults = [
        f"s2mel.{part}.{name} is {blocks[part][name]!r}; only {value!r} is supported"
        for part, values in _S2MEL_FIXED.items()
        for name, value in values.items()
        if part in blocks and blocks[part].get(name, value) != value
    ]
    heads = blocks.get("DiT", {}).get("num_heads")
    if not isinstance(heads, int) or heads < 1:
        faults.append(f"s2mel.DiT.num_heads is {heads!r}; a number of attention heads is needed")
    if faults:
        raise _refused(path, faults)
    return cast("int", heads)


def read_emotion_counts(path: Path, emotions: int) -> tuple[int, ...]:
    """Return how many rows of the tables of emotions belong to each emotion (``emo_num``).

    Parameters
    ----------
    path : Path
        A ``config.yaml``.
    emotions : int
        How many emotions there are.

    Raises
    ------
    ConfigError
        If the file cannot be read, or does not say it.
    """
    counts = _read(path)[1].get("emo_num")
    if not isinstance(counts, list) or len(counts) != emotions or not all(type(n) is int and n > 0 for n in counts):
        raise ConfigError(
            f"emo_num is {counts!r}; {emotions} whole numbers above 0 are needed",
            subject=str(path),
            hint=_GIVE,
        )
    return tuple(counts)


def write_official_config(config: ModelConfig, text: str) -> str:
    """Return the text of a ``config.yaml`` with the shape of a network; the same text where it has it already.

    Parameters
    ----------
    config : ModelConfig
        The shape.
    text : str
        A ``config.yaml`` whose other blocks are kept.

    Raises
    ------
    ConfigError
        If the text is none.
    """
    document = _parse(text, "config.yaml")
    block = dict(cast("dict[str, JsonValue]", document.get(_GPT) or {}))
    values = config.model_dump(mode="json")
    wanted = {name: values[name] for name in (*_SHAPE, *_OPTIONAL) if name in block or name in _SHAPE}
    if all(block.get(name) == value for name, value in wanted.items()):
        return text
    document[_GPT] = {**block, **wanted}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def _find_faults(block: Mapping[str, object]) -> list[str]:
    known = {*_SHAPE, *_OPTIONAL, *_FIXED, *_WITHOUT_EFFECT}
    faults = [f"gpt.{name}: unknown key" for name in block if name not in known]
    faults += [f"gpt.{name}: absent" for name in _SHAPE if name not in block]
    faults += [
        f"gpt.{name} is {block[name]!r}; only {value!r} is supported"
        for name, value in _FIXED.items()
        if name in block and block[name] != value
    ]
    return faults


def _refused(path: Path, faults: list[str]) -> ConfigError:
    count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
    return ConfigError(
        "\n".join([f"{count} in the description of the network", *faults]),
        subject=str(path),
        hint=f"{_GIVE}; IndexTTS 1 and 2.5 are other networks",
    )


def _read(path: Path) -> tuple[str, dict[str, object]]:
    try:
        text = read_limited(path, most_bytes=_MOST_BYTES).decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"the file cannot be read: {error.strerror}", subject=str(path), hint=_GIVE) from error
    except UnicodeDecodeError:
        raise ConfigError("not YAML: not UTF-8", subject=str(path), hint=_GIVE) from None
    except DocumentError as error:
        raise ConfigError(error.message, subject=str(path), hint=_GIVE) from error
    return text, _parse(text, str(path))


def _parse(text: str, subject: str) -> dict[str, object]:
    try:
        _require_plain(text, subject)
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML: {' '.join(str(error).split())}", subject=subject, hint=_GIVE) from None
    except ConfigError:
        raise
    except (ValueError, RecursionError, OverflowError) as error:
        # Dates and numbers that cannot be.
        raise ConfigError(f"not YAML that can be read ({error})", subject=subject, hint=_GIVE) from None
    if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
        raise ConfigError("not a YAML document of named values", subject=subject, hint=_GIVE)
    if any(0xD800 <= ord(char) < 0xE000 for char in yaml.safe_dump(document, allow_unicode=True)):
        raise ConfigError(
            "not YAML that can be read (it contains an incomplete character)", subject=subject, hint=_GIVE
        )
    return document


def _require_plain(text: str, subject: str) -> None:
    """Refuse anchors, tags and deep nesting, before anything is built."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError("the file has YAML anchors, which are not supported", subject=subject, hint=_GIVE)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MOST_DEPTH:
            raise ConfigError("not YAML that can be read (nested too deeply)", subject=subject, hint=_GIVE)
