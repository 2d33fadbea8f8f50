"""The scale of samples: ±1, or one that integers of 16, 24 or 32 bits have."""

from pathlib import Path

from amhctl.core.errors import AudioError, ScaleError

# A float file may go over full scale a little; a recording on a scale of 16 bits has larger samples than this, 18 dB
# over full scale, unless it is so quiet that nothing can be heard.
_MOST_OVER = 8.0
# What 16, 24 and 32 bits count up to, and how far a resampled recording may go over that.
_PCM_SCALES = (2.0**15, 2.0**23, 2.0**31)
_OVERSHOOT = 1.25


def refuse_scale(peak: float, full_scale: float, path: Path) -> None:
    """Refuse samples that are on another scale than the one they are read on.

    Parameters
    ----------
    peak : float
        The largest of them.
    full_scale : float
        What they are divided by.
    path : Path
        Their file.

    Raises
    ------
    ScaleError
        If they seem to be on another scale, which the error has.
    AudioError
        If they are on no scale that is known.
    """
    if peak <= (_MOST_OVER if full_scale == 1.0 else _OVERSHOOT * full_scale):
        return
    scale = next((scale for scale in _PCM_SCALES if peak <= _OVERSHOOT * scale), None)
    if scale is None:
        raise AudioError(f"the samples go up to {peak:.3g}, which is not a known full scale", subject=str(path))
    raise ScaleError(
        f"the samples go up to {peak:.6g} instead of 1: the full scale seems to be {scale:.0f}",
        full_scale=scale,
        subject=str(path),
        hint=f"divide them by {scale:.0f}; `amhctl data check --fix` does",
    )
