"""Measure ``amhctl serve``: how soon the first byte comes with several clients at once, and whether memory grows.

    python tools/measure_server.py [--clients 1,4,16] [--requests 40] [--endless 2000] [--json FILE]

A server is started with its usual settings. For each number of clients, ``--requests`` texts are asked for as WAV, each
client asking again as soon as it is answered. Then ``--endless`` short requests are made by four clients, and the
resident memory of the server is noted after each quarter.
"""

import argparse
import http.client
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

_SENTENCE = "ዛሬ ጠዋት {number} ሰዎች ወደ አዲስ አበባ ሄዱ። ነገ ይመለሳሉ።"
_SHORT = "ሰላም {number}።"
_ENDLESS_CLIENTS = 4
_QUARTERS = 4
_BYTES_OF_SECOND = 2 * 16_000


@dataclass(frozen=True, slots=True)
class Load:
    """What was measured with so many clients.

    Attributes
    ----------
    clients, requests : int
        How many there were.
    first_median, first_p95, whole_median, whole_p95 : float
        Seconds from a request to the first byte of its speech and to the last.
    speech_per_second : float
        Seconds of speech that were delivered in a second, to all clients together.
    refused : int
        Requests that were answered with another status than 200.
    """

    clients: int
    requests: int
    first_median: float
    first_p95: float
    whole_median: float
    whole_p95: float
    speech_per_second: float
    refused: int


def ask(address: str, text: str) -> tuple[int, float, float, int]:
    """Return status, seconds to the first byte and to the last, and the bytes of the speech."""
    body = json.dumps({"model": "m01", "voice": "m01", "input": text, "response_format": "wav"})
    connection = http.client.HTTPConnection(address, timeout=300)
    begun = time.perf_counter()
    try:
        connection.request("POST", "/v1/audio/speech", body.encode(), {"Content-Type": "application/json"})
        response = connection.getresponse()
        size = len(response.read(1))
        first = time.perf_counter() - begun
        size += len(response.read())
        return response.status, first, time.perf_counter() - begun, size
    finally:
        connection.close()


def measure_load(address: str, clients: int, requests: int) -> Load:
    """Return what is measured with so many clients at once."""
    texts = [_SENTENCE.format(number=number) for number in range(requests)]
    begun = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        answers = [*pool.map(lambda text: ask(address, text), texts)]
    seconds = time.perf_counter() - begun
    good = [answer for answer in answers if answer[0] == http.client.OK]
    firsts, wholes = ([answer[place] for answer in good] for place in (1, 2))
    return Load(
        clients=clients,
        requests=requests,
        first_median=statistics.median(firsts),
        first_p95=percentile(firsts, 0.95),
        whole_median=statistics.median(wholes),
        whole_p95=percentile(wholes, 0.95),
        speech_per_second=sum(answer[3] for answer in good) / _BYTES_OF_SECOND / seconds,
        refused=len(answers) - len(good),
    )


def percentile(values: list[float], share: float) -> float:
    """Return the smallest value that so many of the others do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 100) * len(ordered) // 100) - 1))]


def measure_memory(address: str, process: int, requests: int) -> list[int]:
    """Return the resident bytes of the server before, and after each quarter of so many requests."""
    sizes = [resident_bytes(process)]
    for quarter in range(_QUARTERS):
        texts = [_SHORT.format(number=number) for number in range(quarter, requests, _QUARTERS)]
        with ThreadPoolExecutor(_ENDLESS_CLIENTS) as pool:
            statuses = {answer[0] for answer in pool.map(lambda text: ask(address, text), texts)}
        if statuses != {http.client.OK}:
            sys.exit(f"not every request was answered: {statuses}")
        sizes.append(resident_bytes(process))
    return sizes


def resident_bytes(process: int) -> int:
    """Return the memory that a process holds; of Linux."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def started() -> Iterator[tuple[str, int]]:
    """Yield address and process of a server."""
    command = [sys.executable, "-m", "amhctl", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as server:
        try:
            # A slow start says how far it is.
            lines = iter(server.stderr.readline, "")  # type: ignore[union-attr]
            line = next((line for line in lines if line.startswith("listening on http://")), None)
            if line is None:
                sys.exit("the server did not start")
            yield line.split("//")[1].strip(), server.pid
        finally:
            server.terminate()


def main() -> None:
    """Measure, and print lines for people."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", default="1,4,16", help="Numbers of clients, separated by commas.")
    parser.add_argument("--requests", type=int, default=40, help="Requests for each number of clients.")
    parser.add_argument("--endless", type=int, default=2000, help="Short requests for memory; 0 measures none.")
    parser.add_argument("--json", type=Path, help="File for the figures.")
    chosen = parser.parse_args()
    with started() as (address, process):
        loads = [measure_load(address, int(clients), chosen.requests) for clients in chosen.clients.split(",")]
        memory = measure_memory(address, process, chosen.endless) if chosen.endless else []
    sys.stdout.write(f"{platform.platform()}, {os.cpu_count()} processors, load average {os.getloadavg()[0]:.1f}\n")
    sys.stdout.write("clients  first byte p50  p95     last byte p50  p95     speech per second  refused\n")
    for load in loads:
        sys.stdout.write(
            f"{load.clients:<8} {load.first_median:<15.2f} {load.first_p95:<7.2f} {load.whole_median:<14.2f} "
            f"{load.whole_p95:<7.2f} {load.speech_per_second:<18.1f} {load.refused}\n"
        )
    if memory:
        sys.stdout.write(f"memory in MB at the start and after each quarter of {chosen.endless} requests: ")
        sys.stdout.write(f"{', '.join(f'{size / 1e6:.0f}' for size in memory)}\n")
    if chosen.json:
        document = {"loads": [asdict(load) for load in loads], "memory_bytes": memory}
        chosen.json.write_text(json.dumps(document, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
