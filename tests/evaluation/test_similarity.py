"""Twin of ``evaluation/similarity.py``."""

import numpy as np

from amhctl.evaluation.similarity import mean_similarity, similarity


def test_similarity_is_the_cosine_of_unit_vectors() -> None:
    one, other = np.array([1.0, 0.0], dtype=np.float32), np.array([0.6, 0.8], dtype=np.float32)
    assert similarity(one, one) == 1.0
    assert similarity(one, other) == np.float32(0.6)
    assert mean_similarity(one, [one, other]) == np.float32(0.8)
