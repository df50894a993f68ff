"""A client that remembers redirects, as browsers do. It keeps to RFC 9111 and nothing else: no list of its own.

A response may be used again without asking if the server said for how long (max-age), or, where it said nothing,
if its status is one of those that are heuristically cacheable (RFC 9110, section 15.1). 301 is; 302 is not.
"""

import re
from urllib.parse import urljoin, urlsplit

REDIRECTS = (301, 302, 307, 308)
HEURISTICALLY_CACHEABLE = (200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501)  # RFC 9110, section 15.1
LONGEST = 5  # redirects in a row


class Visitor:
    """`get(path)` asks the server and returns (status, headers in lower case, text)."""

    def __init__(self, get):
        self.get, self.moved = get, {}

    def visit(self, path: str) -> list[str]:
        """Go to `path`, and wherever it leads. What was asked for on the way, and the last text."""
        asked = []
        for _ in range(LONGEST):
            path = self.moved.get(path, path)
            status, headers, text = self.get(path)
            asked.append(f"{path} {status}")
            if status not in REDIRECTS:
                return [*asked, text]
            target = urlsplit(urljoin(path, headers["location"])).path
            if may_be_kept(status, headers.get("cache-control", "")):
                self.moved[path] = target
            path = target
        return asked


def may_be_kept(status: int, cache_control: str) -> bool:
    """Whether a cache may use the response again without asking (RFC 9111, sections 3 and 4.2)."""
    if re.search(r"no-(store|cache)", cache_control):
        return False
    age = re.search(r"max-age=(\d+)", cache_control)
    return int(age[1]) > 0 if age else status in HEURISTICALLY_CACHEABLE
