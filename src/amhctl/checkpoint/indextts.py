"""What is known of IndexTTS-2 as a work: its terms, its codes, its published file. Facts alone; no weights, no network.

The terms are told in amhctl's own words, to be read beside the licence itself; they bind whoever uses the weights.
"""

from amhctl.checkpoint.manifest import Licence
from amhctl.config.codec_spec import CodecSpec

LICENCE = Licence(
    work="IndexTTS-2",
    licence="bilibili Model Use License Agreement",
    attribution="Index team, bilibili",
    url="https://huggingface.co/IndexTeam/IndexTTS-2",
)
TERMS = (
    "IndexTTS-2 is under the bilibili Model Use License Agreement, code and weights alike.",
    "It asks for a separate licence above 100 million monthly users or 1 billion RMB of yearly revenue.",
    "It forbids using the model or its output to improve other AI models.",
    "Anything derived from it, fine-tuned checkpoints included, must be distributed with a copy of the licence, a "
    "notice, and the statement that bilibili does not endorse it.",
    f"Read it at the source of the weights: {LICENCE.url}",
)
"""What whoever takes the weights in must know, a line each."""

PUBLISHED_SHA256 = "baaaeb8b56328da81731dc540a85a7dee32eca9da28f174b05757cb651c602a4"
"""Digest that was reported of the published ``gpt.pth``."""

CODEC = CodecSpec(
    name="maskgct-semantic",
    architecture="semantic",
    sample_rate=16_000,
    frame_samples=320,
    codebooks=1,
    codebook_size=8_192,
    fingerprint="",
)
"""The semantic codec of MaskGCT (amphion/MaskGCT): one code of 8,192 for each frame of w2v-bert's features, about 50.1
a second of speech. No file of IndexTTS-2 says which weights of it made the codes."""

SPEAKING = "pass --codec FOLDER with the files of IndexTTS-2: `amhctl codec show FOLDER` says which are missing"
"""What to do with a voice that writes such codes, to hear it."""
