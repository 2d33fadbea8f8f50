"""The encoder of a published Whisper model, to begin a recogniser from. Reads safetensors only.

Two layouts of names are read: that of Hugging Face (``model.encoder.layers.0.self_attn.q_proj.weight``), where query,
key and value are apart and the key has no bias, and that of CTranslate2 (``encoder.layer_0.self_attention.linear_0``),
where they are one matrix.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from amhctl.config.recogniser import RecogniserConfig
from amhctl.core.errors import CheckpointError
from amhctl.recogniser.network import network_shapes

_HINT = (
    "give the model.safetensors of a Whisper model of the size that [recogniser] names, such as openai/whisper-tiny.en"
)
_HUGGING_FACE = {
    "attention_norm": "self_attn_layer_norm",
    "out": "self_attn.out_proj",
    "norm": "final_layer_norm",
    "up": "fc1",
    "down": "fc2",
}
_CTRANSLATE = {
    "attention_norm": "self_attention.layer_norm",
    "qkv": "self_attention.linear_0",
    "out": "self_attention.linear_1",
    "norm": "ffn.layer_norm",
    "up": "ffn.linear_0",
    "down": "ffn.linear_1",
}


def read_whisper(path: Path, config: RecogniserConfig) -> dict[str, Tensor]:
    """Return the encoder's tensors by the names of ``RecogniserNetwork``; the output layer is not among them.

    Raises
    ------
    CheckpointError
        If the file is not safetensors, or has no Whisper encoder of these sizes.
    """
    try:
        stored = load_file(path)
    except (SafetensorError, OSError) as fault:
        raise CheckpointError(f"not a readable safetensors file: {fault}", subject=str(path), hint=_HINT) from fault
    try:
        # Both may begin with "encoder.": the names of the blocks tell the layouts apart.
        if any(name.startswith("encoder.layer_0.") for name in stored):
            found = _from_ctranslate(stored, config.blocks)
        else:
            found = _from_hugging_face(stored, config.blocks)
    except KeyError as fault:
        raise CheckpointError(f"the file has no tensor {fault}", subject=str(path), hint=_HINT) from fault
    for name, shape in network_shapes(config).items():
        if not name.startswith("head.") and tuple(found[name].shape) != shape:
            raise CheckpointError(
                f"{name} has shape {tuple(found[name].shape)}, expected {shape}", subject=str(path), hint=_HINT
            )
    return found


def _from_ctranslate(stored: dict[str, Tensor], blocks: int) -> dict[str, Tensor]:
    pairs = {"norm": "encoder.layer_norm", "conv1": "encoder.conv1", "conv2": "encoder.conv2"}
    for block in range(blocks):
        pairs |= {f"blocks.{block}.{ours}": f"encoder.layer_{block}.{theirs}" for ours, theirs in _CTRANSLATE.items()}
    found = {}
    for ours, theirs in pairs.items():
        weight, bias = ("gamma", "beta") if theirs.endswith("layer_norm") else ("weight", "bias")
        found[f"{ours}.weight"] = stored[f"{theirs}.{weight}"].float()
        found[f"{ours}.bias"] = stored[f"{theirs}.{bias}"].float()
    return found


def _from_hugging_face(stored: dict[str, Tensor], blocks: int) -> dict[str, Tensor]:
    prefix = next(
        (each for each in ("model.encoder.", "encoder.", "") if f"{each}conv1.weight" in stored), "model.encoder."
    )
    pairs = {"norm": "layer_norm", "conv1": "conv1", "conv2": "conv2"}
    for block in range(blocks):
        pairs |= {f"blocks.{block}.{ours}": f"layers.{block}.{theirs}" for ours, theirs in _HUGGING_FACE.items()}
    found = {
        f"{ours}.{part}": stored[f"{prefix}{theirs}.{part}"].float()
        for ours, theirs in pairs.items()
        for part in ("weight", "bias")
    }
    for block in range(blocks):
        place = f"{prefix}layers.{block}.self_attn"
        parts = [stored[f"{place}.{each}_proj.weight"] for each in "qkv"]
        query, value = stored[f"{place}.q_proj.bias"], stored[f"{place}.v_proj.bias"]
        found[f"blocks.{block}.qkv.weight"] = torch.cat(parts).float()
        found[f"blocks.{block}.qkv.bias"] = torch.cat([query, torch.zeros_like(query), value]).float()
    return found
