"""The doctor names what is missing and what to do, and never breaks."""

import pytest

from mnlab.machine import doctor, tools


@pytest.fixture(autouse=True)
def forget_the_version():
    tools.qemu_version.cache_clear()
    yield
    tools.qemu_version.cache_clear()


def test_on_a_computer_without_anything(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path / "cache"))
    findings = {finding.subject: finding for finding in doctor.examine()}
    assert not findings["QEMU"].ok and "apt-get install" in findings["QEMU"].advice
    assert "squashfs-tools" in findings["sqfstar"].advice
    assert findings["debian13"].optional and "machine build" in findings["debian13"].advice
    assert not findings["latest"].ok and not findings["latest"].advice  # nobody needs it
    assert findings["Python"].mark == "ok  " and findings["QEMU"].mark == "MISS"


def test_builders_are_optional_once_the_image_is_there(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(doctor.image, "built", lambda named: named.name == "debian13")
    monkeypatch.setattr(doctor.parcel, "of", lambda named: set())
    monkeypatch.setenv("MNLAB_CACHE", str(tmp_path))
    findings = {finding.subject: finding for finding in doctor.examine()}
    assert findings["mmdebstrap"].optional and findings["debian13"].ok and not findings["latest"].ok
