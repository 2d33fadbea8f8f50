"""Codebook use: counted over steps, judged only on enough, collapse told with codebook and share."""

import pytest
import torch

from amhctl.core.findings import Severity
from amhctl.training.codec_use import RULES, CodebookUse


def test_shares_are_of_all_codes_since_the_last_time() -> None:
    use = CodebookUse(2, 8)
    use.add(torch.stack([torch.arange(16) % 8, torch.zeros(16, dtype=torch.long)], dim=-1)[None])
    assert use.close() == ()  # 16 vectors say little about 8 codes
    use.add(torch.zeros(1, 16, 2, dtype=torch.long))
    assert use.close() == (1.0, 0.125)
    assert [(item.codebook, item.share) for item in use.collapsed()] == [(2, 0.125)]
    assert int(use.counts_QV.sum()) == 0
    assert use.close() == (1.0, 0.125)


def test_a_stage_that_was_left_out_counts_for_nothing() -> None:
    use = CodebookUse(1, 4)
    use.add(torch.tensor([[[-1], [2], [-1]]]))
    assert use.counts_QV.tolist() == [[0, 0, 1, 0]]


def test_the_finding_names_codebook_and_share() -> None:
    use = CodebookUse(1, 16)
    use.add(torch.full((4, 16, 1), 3))
    use.close()
    (collapse,) = use.collapsed()
    finding = collapse.finding("young")
    assert (finding.code, finding.severity, finding.subject) == ("R010", Severity.WARNING, "young")
    assert finding.message == "codebook 1 has collapsed: 6% of its codes in use"
    assert RULES[0].code == "R010"


@pytest.mark.parametrize(("used", "found"), [(3, 1), (4, 0)])
def test_a_fifth_in_use_is_enough(used: int, found: int) -> None:
    use = CodebookUse(1, 16)
    use.add((torch.arange(64) % used)[None, :, None])
    use.close()
    assert len(use.collapsed()) == found


def test_a_vocoder_has_nothing_to_count() -> None:
    use = CodebookUse(0, 0)
    use.add(torch.zeros(1, 5, 0, dtype=torch.long))
    assert use.close() == ()
    assert use.collapsed() == ()
