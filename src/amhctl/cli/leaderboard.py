"""``amhctl leaderboard``: evaluations of many voices on one page."""

from pathlib import Path
from typing import Annotated

import typer

from amhctl.cli import options
from amhctl.cli.shared import Work, runs


@runs("leaderboard", summary=True)
def command(
    reports: Annotated[
        list[Path], typer.Argument(metavar="FILES", help="Outputs of eval --json (.json), or folders of these.")
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="HTML page.")],
    title: Annotated[str, typer.Option(help="Heading of the page.")] = "Leaderboard",
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="METRIC",
            help="Metric that ranks the voices; by default character_error_rate, else text_match, else the first one.",
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option(min=0, max=50, help="Sentences with players, if the evaluations have clips (--report).")
    ] = 3,
    force: options.Force = False,
) -> Work:
    """Compare voices on one page: metrics, intervals, players."""
    from amhctl.workflows import leaderboard

    request = leaderboard.LeaderboardRequest(
        reports=tuple(reports), output=output, title=title, sort=sort, samples=samples, force=force
    )
    return lambda progress: leaderboard.run(request, progress)
