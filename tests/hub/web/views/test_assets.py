"""Style sheet, script and icons."""

import re


def test_what_a_page_loads_is_there_and_may_be_kept_for_ever(browser):
    """Its address changes with its content, so that no browser shows an old one."""
    browser.get("/")
    found = re.findall(r'(?:href|src)="\./(static/[^"]+)"', browser.text)
    assert {re.sub(r"\.[0-9a-f]{12}", "", path) for path in found} >= {
        "static/page.css",
        "static/page.js",
        "static/bell.svg",
    }
    for path in found:
        assert browser.get(f"/{path}") == 200
        assert "immutable" in browser.headers["cache-control"]


def test_another_version_of_a_file_is_not_there(browser):
    """An old address gives no new file."""
    assert browser.get("/static/page.000000000000.css") == 404
    assert browser.get("/static/page.css") == 404


def test_nothing_stands_in_the_html_that_the_policy_forbids(browser):
    """No script, no style and no handler in the page itself, and none from elsewhere."""
    for path in ("/", "/visits", "/house"):
        browser.get(path)
        forbidden = r"<style| style=| on[a-z]+=|javascript:|(?:src|href|action)=.https?:"
        assert not re.search(forbidden, browser.text)
        head = browser.text.partition("</head>")[0]
        assert re.sub(r"<title>.*</title>|<[^<>]*>|\s", "", head) == "", "words outside of elements"
        assert set(re.findall(r"<script[^>]*>([^<]*)</script>", browser.text)) == {""}
        assert "script-src 'self'" in browser.headers["content-security-policy"]
