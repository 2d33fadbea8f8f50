"""The parameters a configuration implies: names and shapes, by arithmetic, without a network. Never sees a file.

What a checkpoint must hold is known from its configuration alone; ``ckpt validate`` compares the two. The names are
the official ones (spec of UnifiedVoice): a tree of ``prefix.name``, written down room by room.
"""

from collections.abc import Iterator
from math import prod

from amhctl.config.unified import AlignmentConfig, ConformerConfig, ModelConfig

Shape = tuple[int, ...]
Named = Iterator[tuple[str, Shape]]

_CONFORMER_KERNEL = 15
_PERCEIVER_DEPTH = 2
_PERCEIVER_HEAD_WIDTH = 64
_CONVNEXT_EXPANSION = 3
_WITHIN_FEATURES = 3


def parameter_shapes(config: ModelConfig) -> dict[str, Shape]:
    """Return the shape of every parameter of a voice, by name."""
    width = config.model_dim
    text_rows = config.number_text_tokens + 1
    code_rows = config.codebooks * config.number_mel_codes
    normed = config.condition_norms
    parts = [
        _conformer("conditioning_encoder", config.condition_module, config.condition_dim),
        _perceiver("perceiver_encoder", config.condition_module, width, config.condition_num_latent, normed=normed),
        _decoder("gpt", width, config.layers),
        _norm("final_norm", width),
        _linear("mel_head", code_rows, width),
    ]
    tables: dict[str, Shape] = {
        "speed_emb.weight": (2, width),
        "text_embedding.weight": (text_rows, width),
        "mel_embedding.weight": (code_rows, width),
        "mel_pos_embedding.emb.weight": (config.max_mel_tokens + 3, width),
    }
    if config.emo_condition_module is not None:
        parts += [
            _conformer("emo_conditioning_encoder", config.emo_condition_module, config.condition_dim),
            _perceiver("emo_perceiver_encoder", config.emo_condition_module, config.emo_dim, 1, normed=normed),
            _linear("emovec_layer", width, config.emo_dim),
            _linear("emo_layer", width, width),
        ]
    if normed:
        tables |= {f"conditioning_standard.{name}": (config.condition_dim,) for name in ("mean", "deviation")}
    if config.alignment is None or config.alignment.text_prefix:
        tables["text_pos_embedding.emb.weight"] = (config.max_text_tokens + 2, width)
        parts.append(_linear("text_head", text_rows, width))
    if config.alignment is not None:
        parts.append(_alignment("alignment", config.alignment, width))
    return tables | {name: shape for part in parts for name, shape in part}


def parameter_count(config: ModelConfig) -> int:
    """Return how many numbers a voice consists of; 865,980,639 for the official shape."""
    return sum(prod(shape) for shape in parameter_shapes(config).values())


def _linear(prefix: str, outputs: int, inputs: int) -> Named:
    yield f"{prefix}.weight", (outputs, inputs)
    yield f"{prefix}.bias", (outputs,)


def _transposed(prefix: str, inputs: int, outputs: int) -> Named:
    yield f"{prefix}.weight", (inputs, outputs)
    yield f"{prefix}.bias", (outputs,)


def _norm(prefix: str, width: int) -> Named:
    yield f"{prefix}.weight", (width,)
    yield f"{prefix}.bias", (width,)


def _convolution(prefix: str, outputs: int, *others: int) -> Named:
    yield f"{prefix}.weight", (outputs, *others)
    yield f"{prefix}.bias", (outputs,)


def _decoder(prefix: str, width: int, layers: int) -> Named:
    for layer in range(layers):
        block = f"{prefix}.h.{layer}"
        yield from _norm(f"{block}.ln_1", width)
        yield from _norm(f"{block}.ln_2", width)
        yield from _transposed(f"{block}.attn.c_attn", width, 3 * width)
        yield from _transposed(f"{block}.attn.c_proj", width, width)
        yield from _transposed(f"{block}.mlp.c_fc", width, 4 * width)
        yield from _transposed(f"{block}.mlp.c_proj", 4 * width, width)
    yield from _norm(f"{prefix}.ln_f", width)


def _conformer(prefix: str, config: ConformerConfig, features: int) -> Named:
    width = config.output_size
    yield from _convolution(f"{prefix}.embed.conv.0", width, 1, 3, 3)
    yield from _linear(f"{prefix}.embed.out.0", width, width * ((features - 1) // 2))
    yield from _norm(f"{prefix}.after_norm", width)
    for index in range(config.num_blocks):
        block = f"{prefix}.encoders.{index}"
        attention, convolution = f"{block}.self_attn", f"{block}.conv_module"
        for name in ("linear_q", "linear_k", "linear_v", "linear_out"):
            yield from _linear(f"{attention}.{name}", width, width)
        yield f"{attention}.linear_pos.weight", (width, width)
        for name in ("pos_bias_u", "pos_bias_v"):
            yield f"{attention}.{name}", (config.attention_heads, width // config.attention_heads)
        yield from _convolution(f"{convolution}.pointwise_conv1", 2 * width, width, 1)
        yield from _convolution(f"{convolution}.depthwise_conv", width, 1, _CONFORMER_KERNEL)
        yield from _convolution(f"{convolution}.pointwise_conv2", width, width, 1)
        yield from _norm(f"{convolution}.norm", width)
        yield from _linear(f"{block}.feed_forward.w_1", config.linear_units, width)
        yield from _linear(f"{block}.feed_forward.w_2", width, config.linear_units)
        for name in ("norm_ff", "norm_mha", "norm_conv", "norm_final"):
            yield from _norm(f"{block}.{name}", width)


def _perceiver(prefix: str, config: ConformerConfig, width: int, latents: int, *, normed: bool) -> Named:
    attended = config.attention_heads * _PERCEIVER_HEAD_WIDTH
    gated = width * config.perceiver_mult * 2 // 3
    yield f"{prefix}.latents", (latents, width)
    yield from _linear(f"{prefix}.proj_context", width, config.output_size)
    for layer in range(_PERCEIVER_DEPTH):
        yield f"{prefix}.layers.{layer}.0.to_q.weight", (attended, width)
        yield f"{prefix}.layers.{layer}.0.to_kv.weight", (2 * attended, width)
        yield f"{prefix}.layers.{layer}.0.to_out.weight", (width, attended)
        yield from _linear(f"{prefix}.layers.{layer}.1.0", 2 * gated, width)
        yield from _linear(f"{prefix}.layers.{layer}.1.2", width, gated)
    if not normed:
        yield f"{prefix}.norm.gamma", (width,)
        return
    yield from _norm(f"{prefix}.norm", width)
    yield from _norm(f"{prefix}.context_norm", width)
    for place in range(2 * _PERCEIVER_DEPTH):
        yield from _norm(f"{prefix}.norms.{place}", width)


def _alignment(prefix: str, config: AlignmentConfig, width: int) -> Named:
    blocks = [f"encoder.{index}" for index in range(config.encoder_layers)]
    blocks += [f"predictor.{index}" for index in range(config.duration_layers)]
    for name in blocks:
        block = f"{prefix}.{name}"
        yield f"{block}.scale", (width,)
        yield from _convolution(f"{block}.depthwise", width, 1, config.kernel)
        yield from _norm(f"{block}.norm", width)
        yield from _linear(f"{block}.expand", _CONVNEXT_EXPANSION * width, width)
        yield from _linear(f"{block}.contract", width, _CONVNEXT_EXPANSION * width)
    yield from _norm(f"{prefix}.norm", width)
    yield from _norm(f"{prefix}.predictor_norm", width)
    yield from _linear(f"{prefix}.within", width, _WITHIN_FEATURES)
    yield from _linear(f"{prefix}.log_duration", 1, width)
