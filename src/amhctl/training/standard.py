"""The scale of a run's conditioning features: mean and deviation over its clips, for a voice that starts from nothing.

Shapes: ``T frames, F feature width``.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from amhctl.batches.dataset import SpeechDataset
from amhctl.codes.store import CodeStore
from amhctl.core.errors import ModelError
from amhctl.model.unified_voice import UnifiedVoice
from amhctl.nn.standard import FeatureStandard

_MOST_CLIPS = 1_000
# Of a feature that hardly moves, such as a band above a recording's bandwidth, as a share of the others' deviation:
# what little it does is no thousandfold event.
_SMALLEST_DEVIATION = 0.1


def measure_features(store: CodeStore, dataset: SpeechDataset) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return mean and deviation of each conditioning feature, shape (F,) each, over the frames of a dataset's clips.

    Of more than a thousand clips, a thousand are measured that lie evenly among them; copies are none of them.
    """
    clips = dataset.originals
    places = np.unique(np.linspace(0, len(clips) - 1, min(len(clips), _MOST_CLIPS)).round().astype(int))
    frames, sums_F, squares_F = 0, np.float64(0.0), np.float64(0.0)
    for place in places:
        features_TF = store.conditioning(clips[place].id).astype(np.float64)
        frames += features_TF.shape[0]
        sums_F = sums_F + features_TF.sum(axis=0)
        squares_F = squares_F + np.square(features_TF).sum(axis=0)
    mean_F = np.asarray(sums_F / frames)
    deviation_F = np.sqrt(np.maximum(squares_F / frames - np.square(mean_F), 0.0))
    smallest = _SMALLEST_DEVIATION * float(deviation_F.mean()) or 1.0
    return mean_F.astype(np.float32), np.maximum(deviation_F, smallest).astype(np.float32)


@torch.no_grad()
def init_feature_scale(model: UnifiedVoice, store: CodeStore, dataset: SpeechDataset) -> None:
    """Let a new model bring its features to the scale of a dataset; one without such a scale stays as it is.

    Raises
    ------
    ModelError
        If the store's features have another width than the model's.
    """
    standard = model.conditioning_standard
    if not isinstance(standard, FeatureStandard):
        return
    mean_F, deviation_F = (torch.from_numpy(values) for values in measure_features(store, dataset))
    if mean_F.shape != standard.mean.shape:
        raise ModelError(
            f"the store's features have {mean_F.numel()} values, those of the model {standard.mean.numel()}"
        )
    standard.mean.copy_(mean_F)
    standard.deviation.copy_(deviation_F)
