"""When what was said: spoken segments as subtitles, a TextGrid or JSON. Knows no files."""

import json
from collections.abc import Iterator, Sequence

from amhctl.core.findings import Finding, Rule, Rules, Severity
from amhctl.inference.speech import SpokenSegment
from amhctl.text.subtitles import FORMATS, Cue, SubtitleFormat, Timed, format_textgrid

RULES = Rules(
    Rule(
        "S021",
        Severity.INFO,
        "no times of words",
        "The voice has no explicit durations, so that only the times of segments are known.",
    ),
)


def find_cues(segments: Sequence[SpokenSegment]) -> tuple[Cue, ...]:
    """Return a subtitle for each segment, as it is written; none ends after the next one begins."""
    starts = [segment.start for segment in segments[1:]]
    return tuple(
        Cue(
            float(segment.start),
            min(float(segment.start + segment.seconds), float(after if after is not None else float("inf"))),
            segment.written or segment.text,
            tuple(Timed(float(word.start), float(word.end), word.text) for word in segment.words),
        )
        for segment, after in zip(segments, [*starts, None], strict=True)
    )


def format_captions(segments: Sequence[SpokenSegment], wanted: SubtitleFormat, duration: float) -> Iterator[str]:
    """Yield the parts of a file that says when what was said.

    Parameters
    ----------
    segments : Sequence[SpokenSegment]
        What was said.
    wanted : SubtitleFormat
        Which kind of file.
    duration : float
        Seconds of the whole.
    """
    if wanted == "json":
        yield from _format_json(segments, duration)
    elif wanted == "textgrid":
        yield from format_textgrid(find_cues(segments), duration)
    else:
        yield from FORMATS[wanted](find_cues(segments))


def note_words(segments: Sequence[SpokenSegment], voice: str) -> tuple[Finding, ...]:
    """Return a finding if a segment has no times of words."""
    if all(segment.words for segment in segments):
        return ()
    return (RULES.finding("S021", voice, "the subtitles have times of segments, not of words"),)


def describe_segment(segment: SpokenSegment) -> dict[str, object]:
    """Return a segment as JSON values: times in seconds."""
    return {
        "text": segment.written or segment.text,
        "spoken": segment.text,
        "start": round(segment.start, 3),
        "end": round(segment.start + segment.seconds, 3),
        "words": [
            {"text": word.text, "start": round(word.start, 3), "end": round(word.end, 3)} for word in segment.words
        ],
        "marks": [{"name": name, "time": round(time, 3)} for name, time in segment.marks],
    }


def _format_json(segments: Sequence[SpokenSegment], duration: float) -> Iterator[str]:
    yield f'{{"seconds": {duration:.3f}, "segments": ['
    for number, segment in enumerate(segments):
        yield (",\n" if number else "\n") + json.dumps(describe_segment(segment), ensure_ascii=False)
    yield "\n]}\n"
