"""The keys of every command's ``--json`` beyond the common ones, as JSON Schema: the contract with scripts.

Keys are added, never renamed. ``tests/journeys`` hold what the commands print against these.
"""

Schema = dict[str, object]

TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
MAYBE_NUMBER: Schema = {"type": ["number", "null"]}
FLAG: Schema = {"type": "boolean"}
OBJECT: Schema = {"type": "object"}
MAYBE_OBJECT: Schema = {"type": ["object", "null"]}


def listed(item: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": item}


def record(**properties: Schema) -> Schema:
    """Return the schema of an object whose keys are all there."""
    return {"type": "object", "required": [*properties], "properties": properties}


def mapping(value: Schema) -> Schema:
    """Return the schema of an object with keys of any name."""
    return {"type": "object", "additionalProperties": value}


COVERAGE: dict[str, Schema] = {
    "pieces": COUNT,
    "coverage": NUMBER,
    "unknown_rate": NUMBER,
    "fingerprint": TEXT,
}
VOICE: dict[str, Schema] = {
    "name": TEXT,
    "path": TEXT,
    "bundled": FLAG,
    "default": FLAG,
    "language": TEXT,
    "sample_rate": COUNT,
    "model_version": TEXT,
    "speakers": listed(TEXT),
    "codec": MAYBE_TEXT,
    "vocoder": MAYBE_TEXT,
    "without_torch": FLAG,
    "metrics": OBJECT,
}
RECOGNISER: dict[str, Schema] = {
    "name": TEXT,
    "model_version": TEXT,
    "config": OBJECT,
    "metrics": OBJECT,
    "training": OBJECT,
    "licences": listed(OBJECT),
    "processing": listed(TEXT),
    "fingerprint": TEXT,
}
RATES: dict[str, Schema] = {
    "phone_error_rate": NUMBER,
    "phone_error_rate_with_language": NUMBER,
    "character_error_rate": NUMBER,
    "word_error_rate": NUMBER,
}
SKIPPED = listed(record(subject=TEXT, reason=TEXT))

KEYS: dict[str, dict[str, Schema]] = {
    "speak": {
        "output": MAYBE_TEXT,
        "played_by": MAYBE_TEXT,
        "seconds": NUMBER,
        "realtime_factor": MAYBE_NUMBER,
        "segments": listed(
            record(
                text=TEXT,
                start=NUMBER,
                seconds=NUMBER,
                pause=NUMBER,
                syllables=COUNT,
                written=TEXT,
                words=listed(record(text=TEXT, start=NUMBER, end=NUMBER)),
                marks=listed(record(name=TEXT, time=NUMBER)),
            )
        ),
        "checks": record(stopped=FLAG, attempts=listed(COUNT), recogniser=MAYBE_TEXT),
        "chapters": listed(record(title=TEXT, start=NUMBER)),
        "files": listed(TEXT),
        "subtitles": MAYBE_TEXT,
        "resumed": COUNT,
        "precision": MAYBE_TEXT,
        "batch": MAYBE_OBJECT,
    },
    "serve": {"url": TEXT, "seconds": NUMBER, "requests": COUNT, "speech_seconds": NUMBER},
    "voices list": {"voices": listed(record(**VOICE))},
    "voices show": {"voices": listed(record(**VOICE, manifest=OBJECT))},
    "text normalize": {
        "text": TEXT,
        "spoken": TEXT,
        "trace": listed(record(rule=TEXT, start=COUNT, end=COUNT, before=TEXT, after=TEXT)),
        "state": TEXT,
    },
    "text phones": {"phones": TEXT, "backend": TEXT, "fallbacks": listed(record(backend=TEXT, reason=TEXT))},
    "text explain": {
        "reader": TEXT,
        "text": TEXT,
        "trace": listed(record(rule=TEXT, start=COUNT, end=COUNT, before=TEXT, after=TEXT)),
        "spoken": TEXT,
        "words": listed(record(spoken=TEXT, phones=listed(TEXT))),
        "backend": TEXT,
        "fallbacks": listed(record(backend=TEXT, reason=TEXT)),
        "units": TEXT,
        "pieces": listed(TEXT),
        "ids": listed(COUNT),
        "state": TEXT,
    },
    "text number": {"text": TEXT, "converted": listed(TEXT)},
    "text date": {"text": TEXT, "converted": listed(TEXT)},
    "text romanize": {"text": TEXT, "converted": listed(TEXT)},
    "text fold": {"text": TEXT, "converted": listed(TEXT)},
    "text split": {"segments": listed(record(text=TEXT))},
    "data import": {"manifest": TEXT, "records": COUNT, "skipped": SKIPPED, "dropped_keys": listed(TEXT)},
    "data align": {
        "manifest": TEXT,
        "alignment": TEXT,
        "textgrid": MAYBE_TEXT,
        "seconds": NUMBER,
        "kept_seconds": NUMBER,
        "records": COUNT,
        "utterances": listed(
            record(id=TEXT, text=TEXT, kept=FLAG, start=MAYBE_NUMBER, end=MAYBE_NUMBER, confidence=MAYBE_NUMBER)
        ),
    },
    "data export": {
        "files": listed(TEXT),
        "records": COUNT,
        "skipped": SKIPPED,
        "not_kept": mapping(COUNT),
        "recoded": COUNT,
    },
    "data pairs": {"output": TEXT, "pairs": COUNT, "speakers": COUNT, "epoch": COUNT},
    "data check": {"summary": OBJECT, "counts": mapping(COUNT), "report": MAYBE_TEXT, "fixed": MAYBE_OBJECT},
    "data clean": {
        "manifest": TEXT,
        "log": TEXT,
        "report": MAYBE_TEXT,
        "enhancer": TEXT,
        "records": COUNT,
        "cleaned": COUNT,
        "new": COUNT,
        "counts": mapping(COUNT),
        "before": mapping(NUMBER),
        "after": mapping(NUMBER),
    },
    "data split": {
        "manifest": TEXT,
        "splits": mapping(record(records=COUNT, hours=NUMBER, untimed=COUNT, speakers=COUNT)),
        "kept": COUNT,
    },
    "vocab train": {**COVERAGE, "vocabulary": TEXT},
    "vocab extend": {
        **COVERAGE,
        "vocabulary": TEXT,
        "checkpoint": MAYBE_TEXT,
        "added": COUNT,
        "added_used": COUNT,
        "before": record(unknown_rate=NUMBER, pieces_per_syllable=NUMBER, pieces_per_word=NUMBER),
        "proof": MAYBE_OBJECT,
        "plan_file": TEXT,
        "plan": record(
            base_size=COUNT,
            base_fingerprint=TEXT,
            format_version=COUNT,
            base=record(size=COUNT, fingerprint=TEXT),
            result=record(size=COUNT, fingerprint=TEXT),
            rows=listed(
                record(
                    id=COUNT, piece=TEXT, score=NUMBER, start=TEXT, sources=listed(COUNT), source_pieces=listed(TEXT)
                )
            ),
        ),
    },
    "vocab grow": {"checkpoint": TEXT, "pieces": COUNT, "fingerprint": TEXT, "added": COUNT, "optimizer": FLAG},
    "vocab check": {
        **COVERAGE,
        "worst": listed(record(subject=TEXT, unknown=listed(TEXT), text=TEXT)),
        "base": MAYBE_OBJECT,
        "rare_below": COUNT,
        "rare": listed(record(id=COUNT, piece=TEXT, count=COUNT)),
        "sizes": listed(record(size=COUNT, pieces_per_word=NUMBER, pieces_per_syllable=NUMBER, trained_share=NUMBER)),
        "recommended_size": COUNT,
        "report": MAYBE_TEXT,
    },
    "codec list": {
        "codecs": listed(record(name=TEXT, fingerprint=TEXT, frame_rate=NUMBER)),
        "official": listed(record(name=TEXT, present=FLAG, download=TEXT)),
        "vocoders": listed(record(name=TEXT, sample_rate=COUNT, mel=OBJECT, fingerprint=TEXT)),
    },
    "codec show": {
        "codecs": listed(record(name=TEXT, fingerprint=TEXT, frame_rate=NUMBER)),
        "vocoders": listed(record(name=TEXT, sample_rate=COUNT, mel=OBJECT, fingerprint=TEXT)),
        "metrics": OBJECT,
        "licences": listed(TEXT),
        "processing": listed(TEXT),
        "files": listed(record(name=TEXT, use=TEXT, present=FLAG, licence=TEXT, source=TEXT, sha256=TEXT, digest=TEXT)),
    },
    "codec train": {
        "codec": TEXT,
        "steps": COUNT,
        "best_step": COUNT,
        "clips": COUNT,
        "hours": NUMBER,
        "unreadable": listed(TEXT),
        "mel_distance": NUMBER,
        "stoi": MAYBE_NUMBER,
        "codebook_usage": listed(NUMBER),
    },
    "codes extract": {
        "store": MAYBE_TEXT,
        "utterances": COUNT,
        "hours": NUMBER,
        "new": COUNT,
        "replaced": COUNT,
        "shared": COUNT,
        "amended": COUNT,
        "unlisted": COUNT,
        "precision": TEXT,
        "features": TEXT,
        "engine": TEXT,
        "tasks": COUNT,
        "copies": COUNT,
        "variations": mapping(COUNT),
        "realtime_factor": MAYBE_NUMBER,
        "failed": SKIPPED,
    },
    "codes check": {
        "utterances": COUNT,
        "frames": COUNT,
        "codebook_usage": listed(NUMBER),
        "entropy": listed(NUMBER),
        "repeats": NUMBER,
        "duplicates": COUNT,
        "length_ratio": MAYBE_OBJECT,
        "pesq": MAYBE_NUMBER,
        "stoi": MAYBE_NUMBER,
        "mel_distance": MAYBE_NUMBER,
        "agreement": MAYBE_NUMBER,
        "samples": listed(OBJECT),
        "report": MAYBE_TEXT,
    },
    "codes verify": {"store": TEXT, "parts": listed(TEXT), "utterances": COUNT, "shared": COUNT, "bytes": COUNT},
    "codes merge": {
        "store": TEXT,
        "sources": COUNT,
        "utterances": COUNT,
        "shared": COUNT,
        "hours": NUMBER,
        "aligned": FLAG,
    },
    "codes align": {"utterances": COUNT, "explained": NUMBER, "frames_per_piece": NUMBER},
    "train": {
        "steps": COUNT,
        "best": MAYBE_OBJECT,
        "checkpoint": MAYBE_TEXT,
        "parameters": record(
            total=COUNT,
            trainable=COUNT,
            frozen=COUNT,
            adapter=COUNT,
            text_rows=record(base=COUNT, new=COUNT, base_frozen=FLAG),
        ),
    },
    "ckpt validate": {"manifest": MAYBE_OBJECT, "checked": listed(TEXT)},
    "ckpt show": {"manifest": OBJECT},
    "ckpt sign": {"signature": TEXT, "root": TEXT, "files": COUNT, "bytes": COUNT},
    "ckpt prune": {
        "run": TEXT,
        "dry_run": FLAG,
        "kept": listed(record(step=COUNT, path=TEXT, bytes=COUNT, reasons=listed(TEXT))),
        "removed": listed(record(step=COUNT, path=TEXT, bytes=COUNT)),
        "freed_bytes": COUNT,
    },
    "ckpt card": {"card": TEXT, "left_out": listed(TEXT)},
    "ckpt import": {
        "checkpoint": TEXT,
        "parameters": COUNT,
        "tensors": COUNT,
        "left_out": listed(TEXT),
        "terms": listed(TEXT),
        "manifest": OBJECT,
    },
    "ckpt export": {"checkpoint": TEXT, "bytes": COUNT, "manifest": OBJECT},
    "ckpt merge": {"checkpoint": TEXT, "layers": COUNT, "tensors": COUNT, "manifest": OBJECT},
    "ckpt average": {"checkpoint": TEXT, "distances": listed(NUMBER), "manifest": OBJECT},
    "ckpt diff": {"differences": listed(record(field=TEXT, first=TEXT, second=TEXT))},
    "eval": {
        "voice": TEXT,
        "weights": TEXT,
        "test_set": TEXT,
        "machine": TEXT,
        "report": MAYBE_TEXT,
        "metrics": mapping(record(value=NUMBER, ci95=listed(NUMBER), n=COUNT, better=TEXT, note=TEXT)),
        "utterances": listed(record(id=TEXT, seconds=NUMBER)),
        "recogniser": MAYBE_OBJECT,
        "minimal_pairs": mapping(record(right=NUMBER, pairs=COUNT)),
        "against": MAYBE_OBJECT,
    },
    "listen new": {
        "folder": TEXT,
        "page": TEXT,
        "kind": TEXT,
        "systems": listed(TEXT),
        "sentences": COUNT,
        "trials": COUNT,
        "orders": COUNT,
        "minutes": NUMBER,
    },
    "leaderboard": {
        "page": TEXT,
        "boards": listed(
            record(test_set=TEXT, voices=listed(TEXT), reports=listed(TEXT), metrics=listed(TEXT), samples=COUNT)
        ),
    },
    "listen serve": {"url": TEXT, "seconds": NUMBER, "raters": COUNT, "ratings": COUNT, "database": TEXT},
    "listen score": {
        "kind": TEXT,
        "title": TEXT,
        "test": TEXT,
        "method": TEXT,
        "scores": mapping(record(value=NUMBER, ci95=listed(NUMBER), n=COUNT, raters=COUNT, sentences=COUNT)),
        "pairs": listed(
            record(
                first=TEXT,
                second=TEXT,
                difference=NUMBER,
                ci95=listed(NUMBER),
                n=COUNT,
                p_raters=NUMBER,
                p_sentences=NUMBER,
                p=NUMBER,
                shares=MAYBE_OBJECT,
                verdict=TEXT,
            )
        ),
        "agreement": record(krippendorff_alpha=MAYBE_NUMBER, metric=TEXT),
        "raters": listed(
            record(
                id=TEXT,
                headphones={"type": ["boolean", "null"]},
                answered=COUNT,
                of=COUNT,
                checks=COUNT,
                checks_failed=COUNT,
                correlation=MAYBE_NUMBER,
                excluded=FLAG,
                reasons=listed(TEXT),
            )
        ),
        "report": MAYBE_TEXT,
    },
    "recogniser list": {"recognisers": listed(record(**RECOGNISER))},
    "recogniser show": {"recognisers": listed(record(**RECOGNISER))},
    "recogniser train": {
        "recogniser": TEXT,
        "steps": COUNT,
        "best_step": COUNT,
        "clips": COUNT,
        "hours": NUMBER,
        "phone_error_rate": NUMBER,
        "valid_clips": COUNT,
    },
    "recogniser score": {
        "recogniser": TEXT,
        "clips": COUNT,
        "seconds": NUMBER,
        "real_time_factor": NUMBER,
        **RATES,
        "speakers": mapping(record(**RATES)),
        "results": listed(
            record(
                id=TEXT,
                speaker=TEXT,
                phone_error_rate=NUMBER,
                character_error_rate=NUMBER,
                word_error_rate=NUMBER,
                text=TEXT,
                recognised=TEXT,
            )
        ),
    },
    "init": {"path": TEXT},
    "config show": {"values": mapping(record(value={}, source=TEXT))},
    "doctor": {"checks": OBJECT},
    "bench": {
        "machine": OBJECT,
        "results": mapping(record(value=NUMBER, unit=TEXT, note=TEXT)),
        "indextts2": listed(
            record(
                variant=TEXT,
                device=TEXT,
                precision=TEXT,
                speech=NUMBER,
                prompt=NUMBER,
                steps=COUNT,
                sentences=COUNT,
                layers=COUNT,
                realtime_factor=MAYBE_NUMBER,
                seconds=mapping(NUMBER),
                processor_seconds=mapping(NUMBER),
                weights_bytes=COUNT,
                peak_bytes=COUNT,
                missing=MAYBE_TEXT,
            )
        ),
        "training": listed(
            record(
                variant=TEXT,
                note=TEXT,
                settings=listed(TEXT),
                steps=COUNT,
                frames=COUNT,
                seconds=NUMBER,
                steps_per_second=NUMBER,
                frames_per_second=NUMBER,
                frames_per_processor_second=NUMBER,
                padding=NUMBER,
                peak_bytes=COUNT,
                trainable=COUNT,
                loss=NUMBER,
            )
        ),
    },
}
