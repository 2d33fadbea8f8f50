"""Show how a text is read: ``python examples/read_text.py "በ2017 ዓ.ም 5% ጨመረ"``."""

import sys

from amhctl.config.text import TextConfig
from amhctl.text.frontend import Frontend


def main(text: str) -> None:
    """Print the spoken text, and its phones."""
    frontend = Frontend(TextConfig(units="phones"))
    print(frontend.normalize(text).text)
    print(frontend.units(text))


if __name__ == "__main__":
    main(sys.argv[1])
