"""Controllers that are broken, silent, wild or dead: the network goes on, and what is said of it is to the point."""

import re
from pathlib import Path
from textwrap import dedent

from .conftest import DUMP, dropped

APPLICATIONS = Path(__file__).parent / "applications"

#: File: its text (None: there is no such file), and what is printed, with the exit status as the last line.
UNUSABLE = {
    "syntax.py": ("x = 1\nclass Application(:\n    pass\n", """\
          File "syntax.py", line 2
            class Application(:
                              ^
        SyntaxError: invalid syntax
        1
        """),
    "imports.py": ("import nothing_of_that_name\n", """\
        Traceback (most recent call last):
          File "imports.py", line 1, in <module>
            import nothing_of_that_name
        ModuleNotFoundError: No module named 'nothing_of_that_name'
        1
        """),
    "constructor.py": (dedent("""\
        from ryu.base import app_manager
        from ryu.ofproto import ofproto_v1_3

        class Application(app_manager.RyuApp):
            def __init__(self, *args, **kwargs):
                super().__init__(*args, **kwargs)
                ofproto_v1_3.oxm_from_user("no_such_field", 1)
        """), """\
        Traceback (most recent call last):
          File "constructor.py", line 7, in __init__
            ofproto_v1_3.oxm_from_user("no_such_field", 1)
        KeyError: 'unknown OXM field: no_such_field'
        1
        """),
    "empty.py": ("x = 1\n", """\
        ryu-manager: empty.py holds no application: no class in it is an app_manager.RyuApp
        1
        """),
    "absent.py": (None, """\
        ryu-manager: there is no file absent.py
        2
        """),
    "no.such.application": (None, """\
        ryu-manager: there is no application no.such.application
        2
        """),
}


def test_an_unusable_application_ends_with_its_own_fault_and_nothing_else(machine):
    for name, (text, _) in UNUSABLE.items():
        if text is not None:
            machine.write(name, text)
    seen = machine.run("".join(f"./say {name}; controller/ryu-manager {name} 2>&1; echo $?\n" for name in UNUSABLE))
    parts = dict(part.partition("\n")[::2] for part in seen.split("==== ")[1:])
    assert parts == {name: dedent(said) for name, (_, said) in UNUSABLE.items()}
