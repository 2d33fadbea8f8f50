"""Names for the parts of a voice, by which people say what learns and how fast. Knows names of parameters only.

A selection is the name of a part, such as ``text``, or a pattern of parameter names in which ``*`` stands for any
characters, such as ``gpt.h.*.ln_1.*``. One that selects nothing is an error.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from amhctl.core.errors import ConfigError

ADAPTERS = "adapters"
"""The part that low-rank terms are; no other part has them, only patterns that someone writes."""
_LOW_RANK = re.compile(r"\.lora_[A-Za-z_]+")
_BLOCK = re.compile(r"(?:gpt\.h|blocks)\.(\d+)\.")
_ATTENTION_BLOCK = re.compile(r"attentions\.(\d+)\.")

PARTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "unified": {
        "text": ("text_embedding.*", "text_head.*"),
        "codes": ("mel_embedding.*", "mel_head.*"),
        "positions": ("text_pos_embedding.*", "mel_pos_embedding.*"),
        "body": ("gpt.*", "final_norm.*"),
        "attention": ("gpt.h.*.attn.*",),
        "mlp": ("gpt.h.*.mlp.*",),
        "norms": ("gpt.h.*.ln_?.*", "gpt.ln_f.*", "final_norm.*"),
        "conditioning": ("conditioning_encoder.*", "perceiver_encoder.*"),
        "emotion": ("emo_conditioning_encoder.*", "emo_perceiver_encoder.*", "emovec_layer.*", "emo_layer.*"),
        "speed": ("speed_emb.*",),
        "durations": ("alignment.*",),
        "all": ("*",),
        ADAPTERS: ("*.lora_*",),
    },
    "flow": {
        "text": ("text_embedding.*", "withheld_text"),
        "encoder": ("text_blocks.*", "text_attention.*", "text_norm.*"),
        "codes": ("code_embeddings.*", "code_input.*"),
        "body": ("blocks.*", "attentions.*", "input.*", "norm.*", "output.*"),
        "attention": ("attentions.*", "text_attention.*"),
        "mlp": ("blocks.*", "text_blocks.*"),
        "heads": ("output.*", "prosody_output.*", "log_duration.*"),
        "norms": ("*norm.*",),
        "conditioning": ("speaker.*", "speaker_*", "prosody_speaker.*", "noise_condition.*", "prosody_condition.*"),
        "prosody": ("prosody_*",),
        "durations": ("duration_*", "log_duration.*"),
        "times": ("time.*", "prosody_time.*"),
        "all": ("*",),
        ADAPTERS: ("*.lora_*",),
    },
}
"""Patterns of each part, by the kind of voice; parts overlap, as norms of the body do."""


def select(names: Iterable[str], selections: Sequence[str], *, kind: str, key: str) -> frozenset[str]:
    """Return the names that any of the selections means.

    Parameters
    ----------
    names : Iterable[str]
        Names of parameters, as checkpoints have them.
    selections : Sequence[str]
        Names of parts, or patterns.
    kind : str
        Kind of the voice.
    key : str
        The setting that they come from, for messages.

    Raises
    ------
    ConfigError
        If one selects nothing, with names that are near it.
    """
    known = tuple(names)
    chosen: set[str] = set()
    for selection in selections:
        found = _matches(known, selection, PARTS[kind])
        if not found:
            raise _selects_nothing(known, selection, kind=kind, key=key)
        chosen |= found
    return frozenset(chosen)


def layer_of(name: str, *, kind: str, layers: int) -> int:
    """Return how deep a parameter lies: 0 before the layers of the body, 1 in its first, ``layers`` + 1 after them."""
    if block := _BLOCK.match(name):
        return int(block[1]) + 1
    if attention := _ATTENTION_BLOCK.match(name):
        # One attention comes after every second block.
        return min(2 * int(attention[1]) + 2, layers)
    behind = {
        "unified": ("gpt.ln_f.", "final_norm.", "mel_head.", "text_head."),
        "flow": ("norm.", "output.", "prosody_output.", "log_duration."),
    }
    return layers + 1 if name.startswith(behind[kind]) else 0


def is_low_rank(name: str) -> bool:
    """Return whether a name is that of a low-rank term, or of what belongs to one."""
    return _LOW_RANK.search(name) is not None or ".ranknum" in name


def _matches(names: Sequence[str], selection: str, parts: Mapping[str, tuple[str, ...]]) -> set[str]:
    if selection not in parts:
        return {name for name in names if fnmatchcase(name, selection)}
    return {
        name
        for name in names
        if (selection in (ADAPTERS, "all") or not is_low_rank(name))
        and any(fnmatchcase(name, pattern) for pattern in parts[selection])
    }


def _selects_nothing(names: Sequence[str], selection: str, *, kind: str, key: str) -> ConfigError:
    parts = PARTS[kind]
    if selection in parts:
        there = [part for part in parts if _matches(names, part, parts)]
        return ConfigError(f"this voice has no part {selection!r}", subject=key, hint=f"parts: {', '.join(there)}")
    prefixes = {name.rpartition(".")[0] for name in names}
    near = difflib.get_close_matches(selection, [*parts, *sorted(prefixes), *names], n=3, cutoff=0.5)
    suggestion = f"; similar names: {', '.join(near)}" if near else ""
    return ConfigError(
        f"{selection!r} is neither a part of the voice nor the name of a parameter{suggestion}",
        subject=key,
        hint=f"parts are: {', '.join(parts)}; a pattern is like gpt.h.*.mlp.*",
    )
