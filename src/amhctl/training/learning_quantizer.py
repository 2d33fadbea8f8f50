"""The residual quantiser while it learns: vector-quantize-pytorch's, whose codebooks follow what they are given."""

from torch import nn
from vector_quantize_pytorch import ResidualVQ

from amhctl.codec.mel_codec import LATENT_WIDTH
from amhctl.config.mel_codec import MelCodecConfig

# A code is dead when it is chosen less often than this, as a share of its fair share.
_DEAD_SHARE = 0.1


def learning_quantizer(config: MelCodecConfig, *, vectors_per_step: int = 512) -> nn.Module:
    """Return a quantiser whose codebooks start by k-means and follow by running averages; dead codes start again.

    Parameters
    ----------
    config : MelCodecConfig
        Shape of the codec.
    vectors_per_step : int
        Latent vectors it sees in one training step; sets when a code counts as dead.
    """
    quantizer: nn.Module = ResidualVQ(
        dim=LATENT_WIDTH,
        num_quantizers=config.codebooks,
        codebook_size=config.codebook_size,
        decay=0.98,
        kmeans_init=True,
        kmeans_iters=12,
        threshold_ema_dead_code=_DEAD_SHARE * vectors_per_step / config.codebook_size,
        rotation_trick=False,
    )
    return quantizer
