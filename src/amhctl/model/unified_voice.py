"""UnifiedVoice: a decoder that writes audio codes from text, speaker and emotion. Never sees a letter or a file.

One network for the official IndexTTS-2 shape (one codebook, text before the codes) and for the small bundled voice
(several delayed codebooks, explicit durations). Parameter names are the official ones. What is in the sequence::

    speaker latents + emotion | speed row 1 | speed row 0 | start text stop | start codes stop
                                                            (text prefix)     (delayed streams)

Shapes: ``B batch, T text, S speech frames, Q codebooks, P code positions, K prefix positions, L latents, D width,
F feature width, V vocabulary``.
"""

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from amhctl.config.unified import ModelConfig
from amhctl.core.errors import ModelError
from amhctl.model.conditioning import build_conditioner, encode_prompt
from amhctl.model.layout import delay
from amhctl.model.unified_passes import BESIDE_CODES, DecodeState, VoiceOutput, code_position
from amhctl.model.versions import UNIFIED_VOICE
from amhctl.nn.alignment import AlignedText
from amhctl.nn.attention import causal_mask
from amhctl.nn.conformer import Conformer
from amhctl.nn.decoder import Decoder
from amhctl.nn.embedding import IdTable, PositionTable
from amhctl.nn.kvcache import LayerCache
from amhctl.nn.packing import close_gap
from amhctl.nn.standard import FeatureStandard

MODEL_VERSION = UNIFIED_VOICE


class UnifiedVoice(nn.Module):
    """The whole network.

    Parameters
    ----------
    config : ModelConfig
        Its shape.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        width = config.model_dim
        self.has_prefix = config.alignment is None or config.alignment.text_prefix
        features, normed = config.condition_dim, config.condition_norms
        self.conditioning_standard = FeatureStandard(features) if normed else nn.Identity()
        self.conditioning_encoder, self.perceiver_encoder = build_conditioner(
            config.condition_module, features=features, width=width, latents=config.condition_num_latent, normed=normed
        )
        if config.emo_condition_module is not None:
            self.emo_conditioning_encoder, self.emo_perceiver_encoder = build_conditioner(
                config.emo_condition_module, features=features, width=config.emo_dim, latents=1, normed=normed
            )
            self.emovec_layer = nn.Linear(config.emo_dim, width)
            self.emo_layer = nn.Linear(width, width)
        self.speed_emb = nn.Embedding(2, width)
        nn.init.zeros_(self.speed_emb.weight)
        # One row more than pieces, as in the official file; the last is never used.
        self.text_embedding = IdTable(config.number_text_tokens + 1, width)
        if self.has_prefix:
            self.text_pos_embedding = PositionTable(config.max_text_tokens + 2, width)
            self.text_head = nn.Linear(width, config.number_text_tokens + 1)
        # The table of book q is at row q * number_mel_codes; one book is the official shape.
        self.mel_embedding = IdTable(config.codebooks * config.number_mel_codes, width)
        self.mel_pos_embedding = PositionTable(config.max_mel_tokens + BESIDE_CODES, width)
        self.gpt = Decoder(width=width, heads=config.heads, layers=config.layers, dropout=config.dropout)
        self.final_norm = nn.LayerNorm(width, eps=1e-5)
        self.mel_head = nn.Linear(width, config.codebooks * config.number_mel_codes)
        if config.alignment is not None:
            self.alignment = AlignedText(
                width=width,
                layers=config.alignment.encoder_layers,
                duration_layers=config.alignment.duration_layers,
                kernel=config.alignment.kernel,
                dropout=config.dropout,
            )

    # -- conditioning ------------------------------------------------------------------------------------------------

    def speaker_latents(self, features_BTF: Tensor, lengths_B: Tensor | None = None) -> Tensor:
        """Return speaker latents, shape (B, L, D), of conditioning features.

        Raises
        ------
        ModelError
            If the features have another width or fewer than three frames.
        """
        context, keep = self._encode_prompt(self.conditioning_encoder, features_BTF, lengths_B)
        latents: Tensor = self.perceiver_encoder(context, keep)
        return latents

    def emotion_vector(self, features_BTF: Tensor, lengths_B: Tensor | None = None) -> Tensor:
        """Return the emotion vector, shape (B, D); zeros for a voice without an emotion encoder.

        Raises
        ------
        ModelError
            If the features have another width or fewer than three frames.
        """
        if self.config.emo_condition_module is None:
            return features_BTF.new_zeros(features_BTF.shape[0], self.config.model_dim)
        vector: Tensor = self.emo_layer(self.emovec_layer(self.emotion_context(features_BTF, lengths_B)))
        return vector

    def emotion_context(self, features_BTF: Tensor, lengths_B: Tensor | None = None) -> Tensor:
        """Return the emotion perceiver's output, shape (B, emo_dim)."""
        context, keep = self._encode_prompt(self.emo_conditioning_encoder, features_BTF, lengths_B)
        latents_B1D: Tensor = self.emo_perceiver_encoder(context, keep)
        return latents_B1D[:, 0]

    def _encode_prompt(
        self, encoder: Conformer, features_BTF: Tensor, lengths_B: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        config, standard = self.config, self.conditioning_standard
        return encode_prompt(
            encoder, standard, features_BTF, lengths_B, width=config.condition_dim, centred=config.condition_norms
        )

    # -- the parts of the sequence -----------------------------------------------------------------------------------

    def _condition(self, latents_BLD: Tensor, emotion_BD: Tensor, speeds_B: Tensor | None) -> Tensor:
        speed_B2D = self._embed_speed(speeds_B).expand(latents_BLD.shape[0], -1, -1)
        return torch.cat([latents_BLD + emotion_BD[:, None], speed_B2D.to(latents_BLD.dtype)], dim=1)

    def _embed_speed(self, speeds_B: Tensor | None) -> Tensor:
        """Return the two positions of the speed, shape (B, 2, D), or (1, 2, D) where it is 1 for all.

        At speed 1 they are the rows 1 and 0, as the official model has them whatever it is told. The first moves on the
        line through both by the logarithm of the speed: to row 0 at half the speed, as far to the other side at twice.
        """
        first_1D, second_1D = self.speed_emb.weight[1:], self.speed_emb.weight[:1]
        if speeds_B is None:
            return torch.stack([first_1D, second_1D], dim=1)
        first_BD = first_1D + speeds_B.to(first_1D)[:, None].log2() * (first_1D - second_1D)
        return torch.stack([first_BD, second_1D.expand_as(first_BD)], dim=1)

    def _prefix_text(self, text_BT: Tensor, lengths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the embedded text with its specials (B, T + 2, D) and which positions are real."""
        config = self.config
        inner_BT = text_BT.masked_fill(
            torch.arange(text_BT.shape[1], device=text_BT.device) >= lengths_B[:, None], config.stop_text_token
        )
        ids_BT = functional.pad(functional.pad(inner_BT, (1, 0), value=config.start_text_token), (0, 1))
        ids_BT[:, -1] = config.stop_text_token
        positions = ids_BT.shape[1]
        keep_BT = torch.arange(positions, device=text_BT.device) < lengths_B[:, None] + 2
        return self.text_embedding(ids_BT) + self.text_pos_embedding.emb.weight[:positions], keep_BT

    def _embed_codes(self, inputs_BQP: Tensor, positions_P: Tensor) -> Tensor:
        offsets_Q1 = torch.arange(self.config.codebooks, device=inputs_BQP.device)[:, None]
        rows_BQP = inputs_BQP + offsets_Q1 * self.config.number_mel_codes
        summed_BPD = self.mel_embedding(rows_BQP).sum(dim=1)
        result: Tensor = summed_BPD + self.mel_pos_embedding.emb(positions_P)
        return result

    def _encode_text(self, text_BT: Tensor, lengths_B: Tensor) -> tuple[Tensor, Tensor]:
        keep_BT = torch.arange(text_BT.shape[1], device=text_BT.device) < lengths_B[:, None]
        return self.alignment.encode(self.text_embedding(text_BT), keep_BT), keep_BT

    def _code_logits(self, hidden_BPD: Tensor) -> Tensor:
        logits_BPX: Tensor = self.mel_head(hidden_BPD)
        return logits_BPX.view(*logits_BPX.shape[:2], self.config.codebooks, -1).transpose(1, 2)

    def _require_lengths(self, text_BT: Tensor, frames: int) -> None:
        limit = self.config.max_mel_tokens - self.config.codebooks + 1
        if text_BT.shape[1] > self.config.max_text_tokens or frames > limit:
            raise ModelError(
                f"{text_BT.shape[1]} text ids and {frames} frames are more than the model's "
                f"{self.config.max_text_tokens} and {limit}"
            )

    # -- teacher-forced passes ---------------------------------------------------------------------------------------

    def forward(
        self,
        text_BT: Tensor,
        text_lengths_B: Tensor,
        codes_BQS: Tensor,
        code_lengths_B: Tensor,
        latents_BLD: Tensor,
        emotion_BD: Tensor,
        durations_BT: Tensor | None = None,
        speeds_B: Tensor | None = None,
    ) -> VoiceOutput:
        """Return the logits of text and codes, and log durations.

        A padded batch gives each item what it gets alone: padded text is hidden, padded codes come after all others.

        Parameters
        ----------
        text_BT : Tensor
            Ids without specials, padded with anything.
        text_lengths_B : Tensor
            True lengths.
        codes_BQS : Tensor
            Codes without specials, padded with any code.
        code_lengths_B : Tensor
            True lengths in frames.
        latents_BLD : Tensor
            Of ``speaker_latents``.
        emotion_BD : Tensor
            Of ``emotion_vector``.
        durations_BT : Tensor | None
            Frames of each text id, for explicit durations.
        speeds_B : Tensor | None
            How fast each is spoken, against its speaker's usual pace; None is 1, or that it is not told.

        Raises
        ------
        ModelError
            If a part is longer than the model allows, or durations are wanted and missing.
        """
        log_durations_BT, aligned_BPD = None, None
        if self.config.alignment is not None:
            encoded_BTD, keep_BT = self._encode_text(text_BT, text_lengths_B)
            log_durations_BT = self.alignment.log_durations(encoded_BTD, keep_BT)
            positions = codes_BQS.shape[2] + self.config.codebooks + 1
            aligned_BPD = self.alignment.regulate_length(
                encoded_BTD, _require_durations(durations_BT), keep_BT, positions
            )
            aligned_BPD = self._drop_text(aligned_BPD)
        condition_BLD = self._condition(latents_BLD, emotion_BD, speeds_B)
        text_BLD, codes_BPD = self._states(
            text_BT, text_lengths_B, codes_BQS, code_lengths_B, condition_BLD, aligned_BPD
        )
        text_logits_BTV = self.text_head(text_BLD) if self.has_prefix else None
        return VoiceOutput(text_logits_BTV, self._code_logits(codes_BPD), log_durations_BT)

    def _drop_text(self, aligned_BPD: Tensor) -> Tensor:
        """Take the text away from a random share of the items, in training."""
        if not self.training or not self.config.text_dropout:
            return aligned_BPD
        has_text_B = torch.rand(aligned_BPD.shape[0], device=aligned_BPD.device) >= self.config.text_dropout
        return aligned_BPD * has_text_B[:, None, None]

    def latent(
        self,
        text_BT: Tensor,
        codes_BS: Tensor,
        latents_BLD: Tensor,
        emotion_BD: Tensor,
        speeds_B: Tensor | None = None,
    ) -> Tensor:
        """Return the states that predict each code, shape (B, S, D): IndexTTS-2's second pass, unpadded, one book.

        Raises
        ------
        ModelError
            If the model has several codebooks or explicit durations, or a part is longer than it allows.
        """
        if self.config.codebooks != 1 or self.config.alignment is not None:
            raise ModelError("the second pass needs the official layout: one codebook, no explicit durations")
        lengths_B = torch.full((text_BT.shape[0],), text_BT.shape[1], device=text_BT.device)
        frames_B = torch.full_like(lengths_B, codes_BS.shape[1])
        condition_BLD = self._condition(latents_BLD, emotion_BD, speeds_B)
        _, codes_BPD = self._states(text_BT, lengths_B, codes_BS[:, None], frames_B, condition_BLD, None)
        return codes_BPD[:, :-2]

    def _states(
        self,
        text_BT: Tensor,
        text_lengths_B: Tensor,
        codes_BQS: Tensor,
        code_lengths_B: Tensor,
        condition_BLD: Tensor,
        aligned_BPD: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        """Return the states of the text positions (none without a text prefix) and of the code positions."""
        self._require_lengths(text_BT, codes_BQS.shape[2])
        start, stop = self.config.start_mel_token, self.config.stop_mel_token
        inputs_BQP = delay(codes_BQS, code_lengths_B, start=start, stop=stop).inputs_BQP
        positions = inputs_BQP.shape[2]
        codes_BPD = self._embed_codes(inputs_BQP, torch.arange(positions, device=inputs_BQP.device))
        if aligned_BPD is not None:
            codes_BPD = codes_BPD + aligned_BPD
        begin = condition_BLD.shape[1]
        if self.has_prefix:
            prefix_BTD, _ = self._prefix_text(text_BT, text_lengths_B)
            sequence_BKD = torch.cat([condition_BLD, prefix_BTD, codes_BPD], dim=1)
            # Padded text after the codes instead of before them: causal attention then needs no mask of its own.
            end = begin + prefix_BTD.shape[1]
            packing = close_gap(begin + text_lengths_B + 2, end, sequence_BKD.shape[1])
            hidden_BKD = packing.unpack(self.gpt(packing.pack(sequence_BKD)))
        else:
            hidden_BKD = self.gpt(torch.cat([condition_BLD, codes_BPD], dim=1))
        # Two norms in a row, as the official model has: the decoder's own and this one.
        hidden_BKD = self.final_norm(hidden_BKD)
        return hidden_BKD[:, begin:-positions], hidden_BKD[:, -positions:]

    def predict_durations(self, text_BT: Tensor, text_lengths_B: Tensor) -> Tensor:
        """Return log(1 + frames) of each text id, shape (B, T).

        Raises
        ------
        ModelError
            If the model has no explicit durations.
        """
        if self.config.alignment is None:
            raise ModelError("this model has no explicit durations")
        encoded_BTD, keep_BT = self._encode_text(text_BT, text_lengths_B)
        return self.alignment.log_durations(encoded_BTD, keep_BT)

    # -- decoding ----------------------------------------------------------------------------------------------------

    def begin(
        self,
        text_BT: Tensor,
        text_lengths_B: Tensor,
        latents_BLD: Tensor,
        emotion_BD: Tensor,
        durations_BT: Tensor | None = None,
        has_text_B: Tensor | None = None,
        speeds_B: Tensor | None = None,
    ) -> DecodeState:
        """Run the prefix of a batch of rows and return the state from which ``step`` continues.

        Rows of which ``has_text_B`` is false speak without their aligned text, as in training with ``text_dropout``.
        ``speeds_B`` is what ``forward`` takes.

        Raises
        ------
        ModelError
            If the text is too long, or durations are wanted and missing.
        """
        self._require_lengths(text_BT, 0)
        aligned_BSD = None
        if self.config.alignment is not None:
            durations_BT = _require_durations(durations_BT)
            encoded_BTD, keep_BT = self._encode_text(text_BT, text_lengths_B)
            frames = int((durations_BT * keep_BT).sum(dim=1).max())
            aligned_BSD = self.alignment.regulate_length(encoded_BTD, durations_BT, keep_BT, frames)
            if has_text_B is not None:
                aligned_BSD = aligned_BSD * has_text_B[:, None, None]
        sequence_BKD = self._condition(latents_BLD, emotion_BD, speeds_B)
        prefix_keep_BK, mask = None, None
        if self.has_prefix:
            prefix_BTD, keep_BT = self._prefix_text(text_BT, text_lengths_B)
            if not bool(keep_BT.all()):
                prefix_keep_BK = functional.pad(keep_BT, (sequence_BKD.shape[1], 0), value=True)
                mask = causal_mask(prefix_keep_BK)
            sequence_BKD = torch.cat([sequence_BKD, prefix_BTD], dim=1)
        prefix = sequence_BKD.shape[1]
        capacity = prefix + self.mel_pos_embedding.emb.num_embeddings
        caches = tuple(LayerCache(capacity) for _ in range(self.config.layers))
        self.gpt(sequence_BKD, mask, caches)
        return DecodeState(caches, prefix, prefix_keep_BK, aligned_BSD, 0, text_BT.shape[0])

    def step(self, codes_BQ: Tensor, state: DecodeState) -> tuple[Tensor, DecodeState]:
        """Feed one position of the delayed streams; return the next logits (B, Q, V) and the state after it.

        The first position holds the start code of every book. Positions are numbered by ``position_rule``.

        Raises
        ------
        ModelError
            If the model's longest sequence is reached.
        """
        index_1 = torch.tensor([code_position(self.config, state)], device=codes_BQ.device)
        mask = None
        if state.prefix_keep_BK is not None:
            mask = functional.pad(state.prefix_keep_BK, (0, state.position + 1), value=True)[:, None, None, :]
        start, aligned_B1D = state.prefix + state.position, state.aligned_B1D
        logits_BQV = self.compute_step(codes_BQ, index_1, state.caches, mask, aligned_B1D, start)
        return logits_BQV, replace(state, position=state.position + 1)

    def compute_step(
        self,
        codes_BQ: Tensor,
        index_1: Tensor,
        caches: tuple[LayerCache, ...],
        mask: Tensor | None,
        aligned_B1D: Tensor | None,
        start: int = 0,
    ) -> Tensor:
        """Return the logits (B, Q, V) after one position: all that ``step`` computes, and nothing that it decides."""
        hidden_B1D = self._embed_codes(codes_BQ[..., None], index_1)
        if aligned_B1D is not None:
            hidden_B1D = hidden_B1D + aligned_B1D
        hidden_B1D = self.final_norm(self.gpt(hidden_B1D, mask, caches, start))
        return self._code_logits(hidden_B1D)[:, :, 0]


def _require_durations(durations_BT: Tensor | None) -> Tensor:
    if durations_BT is None:
        raise ModelError("a voice with explicit durations needs the number of frames of each text id")
    return durations_BT
