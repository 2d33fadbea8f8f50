"""``python -m amhctl``."""

from amhctl.cli.main import main

main()
