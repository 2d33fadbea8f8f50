"""The page's files: each at its route, nothing from elsewhere, every message in both languages."""

import base64
import json
import re
import shutil
import subprocess

import pytest

from amhctl.service.site import HEADERS, read_site

FILES = {file.route: file for file in read_site()}


def test_every_file_that_the_page_names_is_there() -> None:
    assert set(FILES) == {
        "/",
        "/icon.svg",
        "/messages.js",
        "/noto-sans-ethiopic.woff2",
        "/page.css",
        "/page.js",
        "/speech.js",
    }
    page = FILES["/"].content.decode()
    named = re.findall(r'(?:href|src)="([^"#]+)"', page)
    named += re.findall(r'url\("([^"]+)"\)', FILES["/page.css"].content.decode())
    named += re.findall(r'from "\./([^"]+)"', FILES["/page.js"].content.decode())
    assert {f"/{name}" for name in named} == set(FILES) - {"/"}
    assert FILES["/noto-sans-ethiopic.woff2"].content.startswith(b"wOF2")


def test_nothing_comes_from_elsewhere_and_no_script_or_style_stands_in_the_page() -> None:
    for route, file in FILES.items():
        if route.endswith(("/", ".js", ".css")):
            addresses = re.findall(r"https?://[^\s\"')]+", file.content.decode())
            assert addresses == [], route
    page = FILES["/"].content.decode()
    assert re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", page) is None
    assert "innerHTML" not in FILES["/page.js"].content.decode()
    policy = HEADERS["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_every_input_has_a_label() -> None:
    page = FILES["/"].content.decode()
    inputs = set(re.findall(r'<(?:textarea|select|input) id="(\w+)"', page))
    assert inputs == set(re.findall(r'<label for="(\w+)"', page)) == {"text", "voice", "speed", "key"}


@pytest.mark.skipif(shutil.which("node") is None, reason="node, which reads the page's messages, is not installed")
def test_every_message_is_in_both_languages() -> None:
    program = "process.stdin.on('data', (m) => import('data:text/javascript;base64,' + m.toString())" + (
        ".then((it) => console.log(JSON.stringify(it.MESSAGES))))"
    )
    source = base64.b64encode(FILES["/messages.js"].content)
    done = subprocess.run(["node", "-e", program], input=source, capture_output=True, check=True)
    english, amharic = (json.loads(done.stdout)[language] for language in ("en", "am"))
    assert english.keys() == amharic.keys()
    fields = re.compile(r"\{\w+\}")
    for name, text in english.items():
        assert sorted(fields.findall(text)) == sorted(fields.findall(amharic[name])), name
        assert re.search("[\u1200-\u137f]", amharic[name]), name
    page = FILES["/"].content.decode() + FILES["/page.js"].content.decode()
    named = set(re.findall(r'data-(?:say|label)="(\w+)"', page)) | set(re.findall(r'(?:say|tell)\("(\w+)"', page))
    assert named <= english.keys()
