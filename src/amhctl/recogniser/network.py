"""The recogniser's network in PyTorch: Whisper's encoder and a linear layer to labels. It is trained here.

Source of the encoder: Radford et al. 2022 (arXiv 2212.04356), section 2.2: two convolutions, sinusoidal positions,
pre-norm transformer blocks with GELU. A linear layer on top for CTC: Graves et al. 2006.

Shapes: ``B clips, T frames of 10 ms, E frames of 20 ms (half as many, rounded up), W width, V labels``.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.config.recogniser import RecogniserConfig
from amhctl.core.errors import CheckpointError
from amhctl.recogniser.features import BANDS
from amhctl.recogniser.labels import LABELS

LONGEST_WAVE = 10_000.0


class EncoderBlock(nn.Module):
    """A pre-norm transformer block.

    Parameters
    ----------
    width, heads : int
        Its sizes.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, states_BEW: Tensor, mask_B11E: Tensor | None, dropout: float) -> Tensor:
        """Return the states after the block; the mask is true where a frame exists."""
        batch, length, width = states_BEW.shape
        qkv = self.qkv(self.attention_norm(states_BEW)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask_B11E)
        mixed_BEW = self.out(seen.transpose(1, 2).reshape(batch, length, width))
        states_BEW = states_BEW + functional.dropout(mixed_BEW, dropout, self.training)
        inner_BEW = self.down(functional.gelu(self.up(self.norm(states_BEW))))
        return states_BEW + functional.dropout(inner_BEW, dropout, self.training)


class RecogniserNetwork(nn.Module):
    """Features of speech to logits of labels.

    Parameters
    ----------
    config : RecogniserConfig
        Its sizes.
    """

    def __init__(self, config: RecogniserConfig) -> None:
        super().__init__()
        if config.width % config.heads:
            raise ValueError(f"width {config.width} is not a multiple of heads {config.heads}")
        self.config = config
        self.conv1 = nn.Conv1d(BANDS, config.width, 3, padding=1)
        self.conv2 = nn.Conv1d(config.width, config.width, 3, stride=2, padding=1)
        self.blocks = nn.ModuleList(EncoderBlock(config.width, config.heads) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, len(LABELS))

    def forward(
        self, features_BTF: Tensor, lengths_B: Tensor | None = None, dropout: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """Return logits, shape (B, E, V), and how many frames of each clip exist, shape (B,).

        Parameters
        ----------
        features_BTF : Tensor
            Features, padded at the end.
        lengths_B : Tensor | None
            Frames of each clip; None if none is padded. A clip has the same logits alone and among longer ones.
        dropout : float
            Fraction of the blocks' outputs that training leaves out.
        """
        device, width = features_BTF.device, self.config.width
        exists_BT = None
        if lengths_B is not None:
            exists_BT = torch.arange(features_BTF.shape[1], device=device)[None, :] < lengths_B[:, None]
            features_BTF = features_BTF * exists_BT[:, :, None]
        states_BWT = functional.gelu(self.conv1(features_BTF.transpose(1, 2)))
        if exists_BT is not None:
            # The second convolution looks one frame ahead: it must find zeros there, as at the end of a clip alone.
            states_BWT = states_BWT * exists_BT[:, None, :]
        states_BEW = functional.gelu(self.conv2(states_BWT)).transpose(1, 2)
        frames = states_BEW.shape[1]
        states_BEW = states_BEW + sinusoids(frames, width).to(states_BEW)
        counts_B, mask_B11E = torch.full((len(features_BTF),), frames, device=device), None
        if lengths_B is not None:
            counts_B = (lengths_B + 1) // 2
            mask_B11E = (torch.arange(frames, device=device)[None, :] < counts_B[:, None])[:, None, None, :]
        for block in self.blocks:
            states_BEW = block(states_BEW, mask_B11E, dropout)
        logits_BEV: Tensor = self.head(self.norm(states_BEW))
        return logits_BEV, counts_B


def sinusoids(length: int, width: int) -> Tensor:
    """Return Whisper's positions, shape (length, width): sines, then cosines, of wavelengths up to 10,000 frames."""
    step = math.log(LONGEST_WAVE) / (width // 2 - 1)
    rates = torch.exp(-step * torch.arange(width // 2, dtype=torch.float32))
    angles = torch.arange(length, dtype=torch.float32)[:, None] * rates[None, :]
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def network_shapes(config: RecogniserConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of a network, without making one."""
    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in RecogniserNetwork(config).state_dict().items()}


def fill_network(network: RecogniserNetwork, tensors: Mapping[str, Tensor], *, subject: str) -> None:
    """Put tensors into a network.

    Raises
    ------
    CheckpointError
        If they are not those of a network of its sizes.
    """
    try:
        network.load_state_dict({name: value.float() for name, value in tensors.items()})
    except RuntimeError as fault:
        lines = str(fault).strip().splitlines()
        raise CheckpointError(f"the weights do not fit the recogniser: {lines[-1].strip()}", subject=subject) from fault
