"""Reports of evaluations, as ``eval --json`` prints them."""


def report_document(**changes: object) -> dict[str, object]:
    """Return the report of an evaluation of a tiny voice, with some of its keys changed."""
    metric = {"value": 5.0, "ci95": [4.5, 5.5], "n": 12, "better": "lower", "note": ""}
    return {
        "command": "eval",
        "version": "0.1.0",
        "ok": True,
        "findings": [],
        "voice": "tiny",
        "weights": "a" * 64,
        "test_set": "test.jsonl",
        "machine": "a processor, 2 core(s)",
        "report": None,
        "metrics": {"mcd": metric, "text_match": {**metric, "value": 0.9, "better": "higher", "note": "a | note"}},
        "utterances": [],
        **changes,
    }
