"""Explicit durations: text pieces encoded in both directions, laid over frames, and a predictor of their lengths.

Shapes: ``B batch, T text pieces, S frames, D width``. Padding is kept at zero, so that a batch equals its items.
"""

import torch
from torch import Tensor, nn

from amhctl.nn.convnext import ConvNeXtBlock


class AlignedText(nn.Module):
    """Encodes text pieces and gives each frame the piece it belongs to.

    Parameters
    ----------
    width : int
        Channels D.
    layers : int
        Convolution blocks of the encoder.
    duration_layers : int
        Convolution blocks of the duration predictor.
    kernel : int
        Pieces each block sees.
    dropout : float
        Dropout before each block.
    """

    def __init__(self, *, width: int, layers: int, duration_layers: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.ModuleList(ConvNeXtBlock(width, kernel=kernel, scale=0.5) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        # Where in its piece a frame lies: the share that is over, and the logarithms of the frames before and after.
        self.within = nn.Linear(3, width)
        self.predictor = nn.ModuleList(ConvNeXtBlock(width, kernel=kernel, scale=0.5) for _ in range(duration_layers))
        self.predictor_norm = nn.LayerNorm(width)
        self.log_duration = nn.Linear(width, 1)

    def encode(self, embedded_BTD: Tensor, keep_BT: Tensor) -> Tensor:
        """Return encoded pieces, shape (B, T, D)."""
        keep_BT1 = keep_BT[..., None].to(embedded_BTD.dtype)
        hidden_BTD = embedded_BTD * keep_BT1
        for block in self.encoder:
            hidden_BTD = block(self.dropout(hidden_BTD), keep_BT1)
        normed_BTD: Tensor = self.norm(hidden_BTD)
        return normed_BTD * keep_BT1

    def log_durations(self, encoded_BTD: Tensor, keep_BT: Tensor) -> Tensor:
        """Return log(1 + expected frames) of each piece, shape (B, T); the encoder learns nothing from it."""
        keep_BT1 = keep_BT[..., None].to(encoded_BTD.dtype)
        hidden_BTD = encoded_BTD.detach()
        for block in self.predictor:
            hidden_BTD = block(self.dropout(hidden_BTD), keep_BT1)
        result: Tensor = self.log_duration(self.predictor_norm(hidden_BTD))[..., 0]
        return result

    def regulate_length(self, encoded_BTD: Tensor, durations_BT: Tensor, keep_BT: Tensor, frames: int) -> Tensor:
        """Return the state of each frame, shape (B, frames, D); zeros behind an item's last frame."""
        durations_BT = durations_BT * keep_BT
        ends_BT = durations_BT.cumsum(dim=1)
        frame_BS = torch.arange(frames, device=ends_BT.device).expand(ends_BT.shape[0], -1).contiguous()
        piece_BS = torch.searchsorted(ends_BT, frame_BS, right=True).clamp(max=ends_BT.shape[1] - 1)
        length_BS = durations_BT.gather(1, piece_BS)
        passed_BS = frame_BS - (ends_BT.gather(1, piece_BS) - length_BS)
        remaining_BS = (length_BS - 1 - passed_BS).clamp(min=0)
        within_BS3 = torch.stack(
            [
                (passed_BS + 0.5) / length_BS.clamp(min=1),
                torch.log1p(passed_BS.clamp(min=0).float()),
                torch.log1p(remaining_BS.float()),
            ],
            dim=-1,
        ).to(encoded_BTD.dtype)
        regulated_BSD = encoded_BTD.gather(1, piece_BS[..., None].expand(-1, -1, encoded_BTD.shape[2]))
        real_BS1 = (frame_BS < ends_BT[:, -1:])[..., None]
        framed_BSD: Tensor = regulated_BSD + self.within(within_BS3)
        return framed_BSD * real_BS1
