"""Twin of ``text/g2p/epitran_backend.py``."""

import sys

import pytest

from amhctl.core.errors import MissingExtra
from amhctl.text.g2p.epitran_backend import EpitranBackend
from amhctl.text.g2p.phones import PHONES


def test_words_come_out_in_our_phones() -> None:
    backend = EpitranBackend()
    assert "".join(backend.phones("ሰላም")) == "səlam"
    assert "".join(backend.phones("ጸሐይ")) == "sʼəhəj"
    for word in ("ትምህርት", "ቋንቋ", "ጭራ", "ጵጵስና", "ሿሿ", "ዕቃ", "ዥዋዥዌ", "ጓደኛ", "ኋላ"):
        assert set(backend.phones(word)) <= set(PHONES)


def test_its_absence_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "epitran", None)
    with pytest.raises(MissingExtra, match="epitran"):
        EpitranBackend().phones("ሰላም")
