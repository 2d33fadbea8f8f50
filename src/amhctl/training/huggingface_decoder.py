"""Hugging Face's GPT-2 in the place of our decoder: what forks of IndexTTS train with, to measure ours against.

``transformers`` is an extra, imported on use. The parameters have the same names and shapes as ours.
"""

from typing import cast

import torch
from torch import Tensor, nn

from amhctl.config.unified import ModelConfig
from amhctl.encoders.speech import import_transformers
from amhctl.nn.decoder import Decoder


class _NoPositions(nn.Module):
    """Positions of zero: the voice adds its own, as in the official code."""

    def forward(self, positions_BP: Tensor) -> Tensor:
        """Return what adds nothing to embeddings of any width."""
        return torch.zeros((*positions_BP.shape, 1), device=positions_BP.device)


class HuggingFaceDecoder(nn.Module):
    """``GPT2Model`` with eager attention, called as our ``Decoder`` is in training.

    Parameters
    ----------
    config : ModelConfig
        Its shape.
    ours : Decoder
        The decoder whose weights it starts with.

    Raises
    ------
    MissingExtra
        If transformers is not installed.
    """

    def __init__(self, config: ModelConfig, ours: Decoder) -> None:
        super().__init__()
        package = import_transformers("GPT2Config", "GPT2Model")
        shape = package.GPT2Config(
            vocab_size=1,
            n_positions=config.max_text_tokens + config.max_mel_tokens + config.condition_num_latent + 16,
            n_embd=config.model_dim,
            n_layer=config.layers,
            n_head=config.heads,
            resid_pdrop=config.dropout,
            embd_pdrop=config.dropout,
            attn_pdrop=config.dropout,
            attn_implementation="eager",
        )
        self.body = package.GPT2Model(shape)
        self.body.wpe = _NoPositions()
        del self.body.wte
        self.body.load_state_dict(ours.state_dict())

    def forward(self, hidden_BPD: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return normalised states, shape (B, P, D); ``mask`` as of ``Decoder``, causal if there is none."""
        written = None
        if mask is not None:
            # Added to the scores of every pair of positions, as eager attention wants it.
            lowest = torch.finfo(hidden_BPD.dtype).min
            written = torch.zeros_like(mask, dtype=hidden_BPD.dtype).masked_fill(~mask, lowest)
        output = self.body(inputs_embeds=hidden_BPD, attention_mask=written, use_cache=False)
        return cast(Tensor, output.last_hidden_state)
