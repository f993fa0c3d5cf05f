from __future__ import annotations

import pytest

from ganaug.addresses import check_address, file_name, is_address, without_query
from ganaug.errors import UserError


@pytest.mark.parametrize("path", ["https://a.org/x.tar", "HTTP://a.org/x.tar", "s3://bucket/x.tar", "file:///x.tar"])
def test_addresses_are_known_by_their_protocol(path):
    assert is_address(path)


@pytest.mark.parametrize("path", ["x.tar", "/data/x.tar", "C:/x.tar", "a:b/x.tar", "./https:/x.tar"])
def test_paths_are_no_addresses(path):
    assert not is_address(path)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("https://a.org/b/x.tar", "x.tar"),
        ("https://a.org/b/a%20b.tar?download=1#part", "a b.tar"),
        ("/data/x.tar", "x.tar"),
        ("data/100%25.tar", "100%25.tar"),
    ],
)
def test_the_last_part_is_the_name_of_the_file(path, name):
    assert file_name(path) == name


def test_what_may_be_a_key_is_not_shown():
    assert without_query("https://a.org/x.tar?token=secret#x") == "https://a.org/x.tar"


@pytest.mark.parametrize(
    "address", ["https://a.org/x.tar", "http://127.0.0.1:80/x.tar", "http://localhost/x.tar", "http://[::1]:8/x.tar"]
)
def test_https_and_this_machine_are_allowed(address):
    check_address(address)


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("http://a.org/x.tar", "is not encrypted; give its https address"),
        ("http://127.0.0.1.a.org/x.tar", "is not encrypted"),
        ("ftp://a.org/x.tar", "ftp is not spoken here"),
        ("file:///etc/passwd", "file is not spoken here"),
        ("https://me:secret@a.org/x.tar", "an address with a user or password would stand in every record"),
        ("https://a.org", "names no file on a host"),
        ("https://a.org/%2e%2e", "names no file on a host"),
        ("https://a.org/x%00.tar", "names no file on a host"),
        ("https:///x.tar", "names no file on a host"),
        ("https://[a/x.tar", "is no address"),
        ("https://a.org/a b.tar", "has letters that no address has"),
        ("https://a.org/ü.tar", "has letters that no address has"),
        ("https://a.org/x\n.tar", "has letters that no address has"),
    ],
)
def test_others_are_refused_in_one_line(address, told):
    with pytest.raises(UserError, match=told) as caught:
        check_address(address)
    assert "\n" not in str(caught.value)
