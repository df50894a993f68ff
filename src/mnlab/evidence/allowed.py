"""What a task allows a student's program to use: where the lesson is to write something, it is not taken ready-made.

An experiment says it (`allowed = Allowed(...)`), the handout lists it (`words`), and a cell shows nothing else. One
that says nothing shows every program and module there is.
"""

import re
from dataclasses import dataclass, field

#: What a package of Debian's Python takes besides itself.
TAKES = {
    "cryptography": ("_cffi_backend", "cffi"),
    "gunicorn": ("pkg_resources", "setuptools"),
    "ryu": ("_distutils_hack", "debtcollector", "distutils", "dns", "eventlet", "greenlet", "msgpack",
            "netaddr", "oslo_config", "oslo_i18n", "ovs", "packaging", "pbr", "pkg_resources", "repoze", "rfc3986",
            "routes", "setuptools", "six", "stevedore", "tinyrpc", "webob", "wrapt", "yaml"),
}


@dataclass(frozen=True)
class Allowed:
    """The programs, and for Python the packages (of Debian's), that a student's program may use.

    The standard library is there, without the modules of `without` ("http.client"); "urllib.parse:urljoin urlsplit"
    takes away these names of a module and leaves the rest. `only` shows some modules of a package and no others:
    {"ryu.app": ("wsgi",)}.
    """

    programs: tuple[str, ...] = ("python3",)
    packages: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def shows_package(self, entry: str) -> bool:
        """Whether a file or folder of dist-packages belongs to an allowed package: its code, or what pip knows."""
        name = re.split("[.-]", entry, maxsplit=1)[0]
        return any(name == shown for package in self.packages for shown in (package, *TAKES.get(package, ())))

    def words(self) -> str:
        """The list as a handout has it, in one line."""
        others = [name for name in self.programs if name != "python3"]
        hidden = [f"`{module}`" if not names else f"`{'`, `'.join(names.split())}` of `{module}`"
                  for module, _, names in (name.partition(":") for name in self.without)]
        parts = [f"`{name}`" for name in others]
        if "python3" in self.programs:
            library = "Python's standard library" + (f" without {', '.join(hidden)}" if hidden else "")
            inside = [f"`{package}`" + "".join(f" (of `{whole}` only `{'`, `'.join(few)}`)" for whole, few in
                                               self.only.items() if whole.split(".")[0] == package)
                      for package in self.packages]
            parts = [library, *inside, *parts]
        return "; ".join(dict.fromkeys(parts)) + ("" if others else "; no other program")
