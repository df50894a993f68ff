"""The line of a handout that says what the lab was run with."""

import re

import pytest

from mnlab.lab.lab import all_labs
from mnlab.lab.validated import LINE, renewed

VERSIONS = {"linux-image": "6.12.118-1", "bind9": "1:9.20.30-1~deb13u1", "curl": "8.14.1-2"}
OLD = "# DNS\n\n| | |\n|---|---|\n| validated with | BIND 9.18, Linux 6.1, curl 7.88 (with TLS, of course); Chromium 156 |\n\ntext\n"
NEW = ("| Validated with | BIND 9.20.30-1~deb13u1, Linux 6.12.118-1, curl 8.14.1-2 (with TLS, of course), Chromium 156 "
       "(debian13, image `0123456789ab`; also debian12 and latest) |")


def test_versions_are_those_of_the_packages_and_the_rest_stays():
    text = renewed(OLD, VERSIONS, "0123456789abcdef", ["debian13", "debian12", "latest"])
    assert text == OLD.replace(OLD.splitlines()[4], NEW)


def test_a_line_that_was_written_is_written_again():
    text = renewed(OLD, VERSIONS, "0123456789abcdef", ["debian13", "latest"])
    again = renewed(text, VERSIONS | {"curl": "9-1"}, "fedcba9876543210", ["debian13", "debian12", "latest"])
    assert again == renewed(OLD, VERSIONS | {"curl": "9-1"}, "fedcba9876543210", ["debian13", "debian12", "latest"])


def test_a_handout_without_the_line_stays():
    assert renewed("# A\n", VERSIONS, "0" * 64, ["debian13"]) == "# A\n"


@pytest.mark.parametrize("lab", all_labs(), ids=lambda lab: lab.name)
def test_each_handout_names_the_image_that_its_lab_was_validated_with(lab):
    """And no kernel by a bare "6.1": two of them are not one (see docs/atlas.md)."""
    told = LINE.search(lab.handout)
    assert told and "image `" in told["told"], "mnlab atlas --handouts writes this line"
    assert not re.search(r"Linux 6\.1(?![0-9.])", lab.handout)
