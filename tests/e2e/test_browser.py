"""The HTML report in a real browser: contents, filters, keyboard, a phone's width, printing, and
that it asks nobody for anything."""

import os
import sys
import time

from chromium import Chromium
from harness import contains, equal, eventually, in_a_browser, true, without_servers

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))
import big_trace  # noqa: E402

HOSTILE = "</pre><script>document.title='taken'</script><img src=http://127.0.0.1:9/ onerror=document.title='taken'>"
VISIBLE = "Array.from(document.querySelectorAll('.item')).filter(i => !i.hidden).length"
# Five differences that a reader must find the causes of, and what must be seen at each.
PLANTED = (
    ("SELECT id, name, price FROM item ORDER BY id", "3", "9.99"),
    ("SELECT * FROM stock ORDER BY a", "no such row", "5"),
    ("INSERT INTO guest VALUES (1, 'ann')", "23505", "guest_id_key"),
    ("SELECT rate FROM rates WHERE day = 'monday'", "rate", "0.25"),
    ("SELECT note FROM notes", "<script>", "fine"),
)


def plant(env):
    env.on_both("CREATE TABLE item AS SELECT i AS id, 'item ' || i AS name, i + 0.25 AS price "
                "FROM generate_series(1, 9) i; CREATE TABLE guest (id int, name text); "
                "INSERT INTO guest VALUES (1, 'ann'); "
                "CREATE TABLE rates AS SELECT 'monday'::text AS day, 0.25 AS rate")
    env.on_yugabytedb("UPDATE item SET price = 9.99 WHERE id = 3; UPDATE rates SET rate = 0.5; "
                      "ALTER TABLE guest ADD CONSTRAINT guest_id_key UNIQUE (id)")
    env.on_postgresql("CREATE TABLE stock AS SELECT generate_series(1, 5) AS a")
    env.on_yugabytedb("CREATE TABLE stock AS SELECT generate_series(1, 4) AS a")
    env.on_postgresql(f"CREATE TABLE notes AS SELECT $${HOSTILE}$$::text AS note")
    env.on_yugabytedb("CREATE TABLE notes AS SELECT 'fine'::text AS note")


def report(env, *options):
    """The page of a trace with the planted differences; the second is inside a transaction."""
    plant(env)
    with env.capture({"comparison.on-mismatch": "log"}) as capture:
        for number, (statement, *_) in enumerate(PLANTED):
            with capture.wire() as client:
                if number == 1:
                    client.query("BEGIN")
                    client.query("SELECT 'earlier in the transaction'")
                client.query(statement)
        with capture.wire() as client:
            client.query(PLANTED[3][0].replace("monday", "monday' || '"))
        capture.stop()
    return page_of(env, capture.trace_path, *options)


def page_of(env, trace, *options):
    page = env.path("report.html")
    result = env.run("twinkly-report", trace, "--html", page, "-q", *options)
    equal(result.status, 1, f"status ({result.stderr})")
    return page


def check_quiet(browser, page):
    equal(browser.errors, [], "errors in the console")
    equal([url for url in browser.requests if url != "file://" + os.path.abspath(page)], [],
          "requests to elsewhere")


@in_a_browser
def test_each_cause_is_on_the_page(env):
    page = report(env)
    with Chromium() as browser:
        browser.open(page)
        equal(browser.value("document.querySelector('h1').innerText"), "Not equal", "heading")
        contains(browser.value("document.title"), "PostgreSQL", "title")
        equal(browser.value("document.querySelector('#first .group').open"), True, "first is open")
        contains(browser.value("document.querySelector('#first').innerText"),
                 "twinkly-replay --sessions 2 ", "command that replays the first")
        for number, (statement, *seen) in enumerate(PLANTED, 1):
            browser.value(f"document.querySelector('#g{number}').open = true")
            text = browser.value(f"document.querySelector('#g{number}').textContent")
            for part in (statement, *seen, "action = ignore"):
                contains(text, part, f"group {number}")
        contains(browser.value("document.querySelector('#g2 .timeline').textContent"),
                 "earlier in the transaction", "timeline")
        equal(browser.value("document.querySelectorAll('#g1 td.diff').length"), 2, "marked cells")
        equal(browser.value("document.querySelectorAll('svg.scatter rect').length > 0"), True,
              "latency")
        check_quiet(browser, page)


@in_a_browser
def test_hostile_data_stays_text(env):
    page = report(env)
    with Chromium() as browser:
        browser.open(page)
        browser.value("document.querySelectorAll('details').forEach(d => d.open = true)")
        equal(browser.value("document.querySelectorAll('img').length"), 0, "images")
        equal(browser.value("document.scripts.length"), 1, "scripts")
        true("taken" not in browser.value("document.title"), "a script of the data ran")
        contains(browser.value("document.querySelector('main').textContent"), HOSTILE, "the value")
        check_quiet(browser, page)


@in_a_browser
def test_filters_by_clicks_and_their_address(env):
    page = report(env)
    with Chromium() as browser:
        browser.resize(1200, 900)
        browser.open(page)
        total = browser.value(VISIBLE)
        true(total >= len(PLANTED), f"{total} findings")
        browser.click("#filter-text")
        browser.type("GUEST_id_key")
        equal(browser.value(VISIBLE), 1, "findings with that text")
        equal(browser.value("location.hash"), "#text=GUEST_id_key", "address")
        equal(browser.value("document.querySelector('#filter-count').innerText"),
              f"1 of {total} findings", "count")
        browser.click("#filter button")
        browser.value("new Promise(done => setTimeout(done))")
        equal([browser.value(VISIBLE), browser.value("location.hash")], [total, ""], "all again")
        browser.value("document.querySelector('#filter-kind').focus()")
        browser.press("r", "KeyR", "r")
        equal(browser.value("document.querySelector('#filter-kind').value"), "row-count", "kind")
        equal(browser.value(VISIBLE), 1, "findings of that kind")
        for state, shown in (("table=item", 1), ("session=2", 1), ("side=candidate&kind=row-count", 1),
                             ("verdict=mismatch&text=no+such+thing", 0)):
            browser.open(page, "#" + state)
            equal(browser.value(VISIBLE), shown, f"findings with #{state}")
        check_quiet(browser, page)


@in_a_browser
def test_keyboard_labels_and_headings(env):
    page = report(env)
    with Chromium() as browser:
        browser.open(page)
        browser.value("document.querySelector('#g2 > summary').focus()")
        browser.press("Enter", "Enter", "\r")
        eventually(lambda: browser.value("document.querySelector('#g2 .copy-button') !== null"),
                   "the group to be opened by Enter")
        equal(browser.value("document.querySelector('#g2').open"), True, "opened by Enter")
        equal(browser.value("Array.from(document.querySelectorAll('input, select'))"
                            ".filter(e => e.labels.length === 0).length"), 0, "fields without a label")
        equal(browser.value("Array.from(document.querySelectorAll('svg[role=img]'))"
                            ".filter(e => !e.getAttribute('aria-label')).length"), 0,
              "pictures without a name")
        equal(browser.value("document.documentElement.lang"), "en", "language")
        equal(browser.value("document.querySelectorAll('main, header, nav').length"), 3, "landmarks")
        browser.click("#g2 .copy-button")
        contains(browser.value("document.querySelector('#g2 .copy-button').innerText + "
                               "getSelection().toString()"), "twinkly-", "what is copied")
        check_quiet(browser, page)


@in_a_browser
def test_phone_dark_and_paper(env):
    page = report(env)
    with Chromium() as browser:
        browser.resize(390, 800)
        browser.open(page)
        browser.value("document.querySelectorAll('details').forEach(d => d.open = true)")
        true(browser.value("document.documentElement.scrollWidth") <= 390, "scrolls sideways at 390 px")
        colours = []
        for scheme in ("light", "dark"):
            browser.call("Emulation.setEmulatedMedia",
                         features=[{"name": "prefers-color-scheme", "value": scheme}])
            colours.append(browser.value("getComputedStyle(document.body).backgroundColor"))
        true(colours[0] != colours[1], f"dark is as light: {colours}")
        browser.open(page)
        browser.call("Page.printToPDF")
        equal(browser.value("document.querySelectorAll('main details.group:not([open])').length"), 0,
              "groups that are closed on paper")
        check_quiet(browser, page)


@in_a_browser
@without_servers
def test_a_large_trace(env):
    trace = env.path("big.trace")
    big_trace.write(trace, 100000, 20000, 400)
    page = page_of(env, trace, "--limit", "0")
    true(os.path.getsize(page) <= 10 << 20, f"{os.path.getsize(page)} bytes")
    with Chromium() as browser:
        seconds = browser.open(page)
        true(seconds < 20, f"opened in {seconds:.1f} s")
        started = time.monotonic()
        browser.value("(() => { const t = document.querySelector('#filter-text'); t.value = 'item_7'; "
                      "t.dispatchEvent(new Event('input', {bubbles: true})); })()")
        true(time.monotonic() - started < 5, "a filter that lags")
        true(0 < browser.value(VISIBLE) < 60, "findings with that text")
        check_quiet(browser, page)
