"""Which licences forbid commercial use, as far as their names say it. Loads no torch."""

import re
from collections.abc import Iterable

from amhctl.checkpoint.manifest import Licence
from amhctl.core.errors import ConfigError
from amhctl.core.listing import shorten

_NON_COMMERCIAL = re.compile(r"\bNC\b|non-?commercial", re.IGNORECASE)
_NAMED = 5


def forbids_commercial_use(licence: Licence) -> bool:
    """Return whether the name of a licence says that commercial use is forbidden, such as CC-BY-NC-4.0."""
    return _NON_COMMERCIAL.search(licence.licence) is not None


def require_commercial(licences: Iterable[Licence], subject: str) -> None:
    """Refuse works that forbid commercial use, where ``licence.commercial`` asks for those that allow it.

    Only names are looked at: other licences may have conditions too, such as the one of IndexTTS-2.

    Parameters
    ----------
    licences : Iterable[Licence]
        The works.
    subject : str
        What is made of them, for messages.

    Raises
    ------
    ConfigError
        If there are any; they are named.
    """
    refused = [f"{each.work} ({each.licence})" for each in dict.fromkeys(licences) if forbids_commercial_use(each)]
    if refused:
        raise ConfigError(
            f"commercial use is asked for, and these works forbid it: {shorten(refused, _NAMED)}",
            subject=subject,
            hint="use other works, ask their owners for a licence, or do not set licence.commercial (--commercial)",
        )
