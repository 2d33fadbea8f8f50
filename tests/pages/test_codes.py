import re
from pathlib import Path

import numpy as np
from support.pages import read_page
from support.stores import MEL, SPEC, toy_store

from amhctl.codes.checks import RULES, check_store
from amhctl.codes.writer import StoreWriter
from amhctl.core.findings import Finding, Severity
from amhctl.core.progress import SilentProgress
from amhctl.corpus.records import Record
from amhctl.pages.codes import CodesPage, DecodedSample


def _page(folder: Path, findings: list[Finding]) -> str:
    random = np.random.default_rng(0)
    with StoreWriter.create(folder / "s", SPEC, MEL) as store:
        for number in range(3):
            codes = np.stack([np.zeros(50), random.integers(0, 16, 50)]).astype(np.uint16)
            record = Record(id=f"u{number}", audio="a.wav", text="ሰላም", duration=2.0)
            store.append(record, codes, random.normal(size=(101, 8)).astype(np.float16))
    statistics = check_store(store, SilentProgress()).statistics
    samples = [DecodedSample("<u1>", 0.75, 0.4321, None, 0.91)]
    return CodesPage(store, statistics, samples, findings, RULES).render()


def test_the_page_is_whole_and_stands_alone(tmp_path: Path) -> None:
    page = _page(tmp_path, [Finding("X102", Severity.ERROR, "codebook 1", "one & only", "")])
    tags = read_page(page)
    # Two codebooks and the lengths; the entropy of each codebook.
    assert (tags.counts["svg"], tags.counts["meter"]) == (3, 2)
    assert tags.sources == []
    assert "&lt;u1&gt;" in page
    assert "one &amp; only" in page
    assert "constant codes" in page


def test_the_bars_are_the_figures(tmp_path: Path) -> None:
    page = _page(tmp_path, [])
    first, second = re.findall(r"Codebook \d <small>(.*?)</figure>", page, re.DOTALL)
    assert first.startswith("1 of 16 codes used")
    assert re.findall(r"<title>(.*?) of codes", first) == ["100.00%"] + ["0.00%"] * 15
    shares = [float(share.rstrip("%")) for share in re.findall(r"<title>(.*?) of codes", second)]
    assert shares == sorted(shares, reverse=True)
    assert abs(sum(shares) - 100.0) < 0.1
    assert "0.00 of 4" in page
    assert "Nothing was found." in page
    assert "75.0%" in page
    assert "0.432" in page


def test_speakers_have_a_table_where_there_are_acoustics(tmp_path: Path) -> None:
    assert "Speakers" not in _page(tmp_path, [])
    store = toy_store(tmp_path / "acoustic", acoustic=True)
    checked = check_store(store, SilentProgress())
    page = CodesPage(store, checked.statistics, [], [], RULES, checked.voices).render()
    read_page(page)
    (table,) = re.findall(r"<h2>Speakers</h2>.*?</table>", page, re.DOTALL)
    assert re.findall(r'<th scope="row">(\w+)</th>', table) == ["s0", "s1"]
    assert f"{checked.voices[0].pitch:.2f}" in table
