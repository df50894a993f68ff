"""A class of any size: how long one command takes for it, and how much memory.

Its hand-ins are made here, by mutating a lab's solution and starter. Where only the command itself is measured, a stub
stands for the machines: it answers each hand-in after a stated time, as a worker would.
"""

import random
import re
import zipfile
from pathlib import Path

from mnlab.lab import work as workfolder
from mnlab.lab.lab import Lab

NUMBER = re.compile(r"(?<![\w.])\d+(?![\w.])")
LAB, WORKS, SUBMISSIONS = "arp", 200, 1000


def works(lab: Lab, count: int, seed: int = 1) -> list[dict[str, str]]:
    """`count` different works for a lab, {file: text}: the starter, the solution, and what a few changes make of the
    two. Most of them run, few are right."""
    chance, params = random.Random(seed), lab.params(seed)
    starter, solution = ({str(path.relative_to(folder)): workfolder.fill_in(path.read_text(), params)
                          for path in sorted(folder.rglob("*"))
                          if path.is_file() and path.name != "answers.py" and "__pycache__" not in path.parts}
                         for folder in (lab.starter, lab.solution))
    found = [starter, starter | solution]
    while len(found) < count:
        work = dict(chance.choice((starter | solution, starter | solution, starter)))
        for _ in range(chance.randint(1, 4)):
            name = chance.choice(sorted(work))
            work[name] = _mutated(work[name], chance)
        if work not in found:
            found.append(work)
    return found


def _mutated(text: str, chance: random.Random) -> str:
    """A text with one line left out, doubled or exchanged with the next, a number or a name changed, or a comment."""
    lines = text.splitlines()
    at = chance.randrange(len(lines) - 1)
    match chance.randrange(6):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
        case 3:
            lines[at] = NUMBER.sub(lambda match: str(int(match[0]) + chance.randint(1, 9)), lines[at])
        case 4:
            word = chance.choice(sorted(set(re.findall(r"\b[a-z_]{4,}\b", text))))
            lines = re.sub(rf"\b{word}\b", f"{word}_{chance.randrange(100)}", text).splitlines()
        case 5:
            lines.insert(at, f"{lines[at][:len(lines[at]) - len(lines[at].lstrip())]}# {chance.randrange(1000)}")
    return "\n".join(lines) + "\n"


def hand_in(folder: Path, lab: Lab, count: int, different: int) -> None:
    """`count` hand-ins in a folder, archives called after their students, of `different` works of one variant."""
    folder.mkdir(parents=True)
    made = works(lab, different)
    for number in range(count):
        with zipfile.ZipFile(folder / f"s{number:04}.zip", "w", zipfile.ZIP_DEFLATED) as whole:
            for name, text in (made[number % different] | {"variant.toml": f'lab = "{lab.name}"\nseed = 1\n'}).items():
                whole.writestr(f"{lab.name}/{name}", text)
