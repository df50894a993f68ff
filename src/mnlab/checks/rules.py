"""The rules of a handout's task, and the questions that a lab asks: each needs a mutant that breaks it."""

import re

#: A rule begins a line, a list item or a table's row: `- **R1 Ask.** An unknown address ...`, `| **R3** | ...`.
RULE = re.compile(r"^(?:\s*[-*]\s+|\s*\d+\.\s+|\|\s*)?\*\*(R[1-9]\d*)\b[.:]?\s*([^*\n]*)\*\*[ \t|]*([^\n]*)", re.M)
LONGEST = 60  # characters of a rule's title


def rules_of(handout: str) -> dict[str, str]:
    """The rules that a handout numbers, in its order: {"R1": a few words of it}.

    ValueError if two rules have one number."""
    rules: dict[str, str] = {}
    for number, name, rest in RULE.findall(handout):
        if number in rules:
            raise ValueError(f"there are two rules {number}")
        rules[number] = title(name) or title(rest)
    return rules


def title(text: str) -> str:
    """The first words of a rule, without marks."""
    words = re.sub(r"[`*|]", "", text).strip()
    first = re.split(r"(?<=[.:;])\s", words, maxsplit=1)[0].rstrip(".:;")
    return first if len(first) <= LONGEST else first[:LONGEST].rsplit(" ", 1)[0] + " ..."
