"""A handout on a terminal: prose as wide as the terminal, figures and captures as wide as they are, in a pager."""

import os

from rich.markdown import CodeBlock, Markdown
from rich.text import Text

from mnlab.report.console import Console

#: less(1): end at once if it fits, show colours, leave the screen as it is, cut what is too wide (the arrow keys move).
LESS = "-FRXS"


class _AsItIs(CodeBlock):
    """Lines that shall not be wrapped: a topology, a ladder, a command."""

    def __rich_console__(self, console, options):
        yield Text(str(self.text).rstrip(), style="markdown.code_block", no_wrap=True, overflow="ignore")


class _Handout(Markdown):
    elements = Markdown.elements | {"fence": _AsItIs, "code_block": _AsItIs}


def show(text: str) -> None:
    """Show a handout: in a pager on a terminal, else as the text that it is."""
    console = Console()
    if not console.is_terminal:
        print(text)
        return
    os.environ["LESS"] = f"{LESS} {os.environ.get('LESS', '')}".strip()
    with console.pager(styles=True):
        console.print(_Handout(text), crop=False)
