"""Numbers that count nothing: telephone numbers, accounts and codes of services, digit by digit.

Knows how such numbers are written, and nothing of amounts.
"""

import re

from amhctl.text.draft import TIE
from amhctl.text.numbers import NumberWords
from amhctl.text.rule import DIGITS, Rule, rewrite

# Of an account the word ቁጥር is needed: የሂሳብ 12000 ብር is an amount.
_DIALLED = (
    rf"(?:(?:ስልክ|ፋክስ|ሞባይል)(?:[ {TIE}]ቁጥር)?|(?:ሂሳብ|ሒሳብ|አካውንት|መለያ|መታወቂያ|ካርድ|ፓስፖርት|ሲሪያል|ቲን)[ {TIE}]ቁጥር)"
    rf"[ :፣-]*[ :{TIE}-](?P<dialled>\d{{5,}})(?!\d)"
)
_TELEPHONE = (
    r"(?<![\d.])\(?\+ ?\d(?:\)?[ -]?\d){6,}(?!\d)"
    r"|(?<![\d.,])251(?:[ -]?\d){8,9}(?![\d,])"
    r"|(?<!\d)0\d{1,3}(?:[- ]\d{2,4}){2,}(?!\d)|(?<!\d)0\d{1,3}-\d{5,7}(?!\d)"
    r"|\(0\d{1,3}\) ?\d{2,4}(?:[- ]\d{2,4}){1,3}(?!\d)"
    r"|(?<![\d/.])\d+(?:-\d+){2,}(?!\d)"
)
# The codes of telephone services; the words are those of their announcements.
_SERVICE = r"(?<![\w*])\*#?\d{2,5}(?:\*\d{1,16}){0,9}#"
_STAR, _HASH = "ኮከብ", "መሰላል"


def telephone_rule(numbers: NumberWords, plus: str) -> Rule:
    """Return the rule of numbers that are read digit by digit.

    Parameters
    ----------
    numbers : NumberWords
        Numbers in words.
    plus : str
        What is said for the sign before a country's code.
    """

    def read_telephone(match: re.Match[str]) -> str:
        head = f"{plus}{TIE}" if "+" in match.group() else ""
        return head + " ".join(numbers.digits(group) for group in re.findall(r"\d+", match.group()))

    def read_dialled(match: re.Match[str]) -> str:
        start = match.start("dialled") - match.start()
        return match.group()[:start] + numbers.digits(match["dialled"])

    def read_service(match: re.Match[str]) -> str:
        code = match.group()[1:-1]
        head = f"{_STAR} {_HASH}" if code[0] == "#" else _STAR
        groups = f" {_STAR} ".join(map(numbers.digits, code.lstrip("#").split("*")))
        return f"{head} {groups} {_HASH}"

    return Rule(
        "telephone",
        "Telephone numbers and other numbers in groups, digit by digit",
        "Convention; ITU-T E.123 for the plus sign, E.164 for 251",
        ("0911 23 45 67", "ዜሮ ዘጠኝ አንድ አንድ ሁለት ሦስት አራት አምስት ስድስት ሰባት"),
        (rewrite(_SERVICE, read_service), rewrite(_TELEPHONE, read_telephone), rewrite(_DIALLED, read_dialled)),
        (DIGITS,),
    )
