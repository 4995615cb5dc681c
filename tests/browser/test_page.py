"""The page in a real browser, against a real station and server and a fake vehicle."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.web import WebServer
from tests.station.fakes import FakeVehicle, Rig

CHROMIUM = Path("/usr/bin/chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.sockets,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="/usr/bin/chromium is missing (apt-get install chromium)"),
]
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


class Survey:
    """A fake survey that runs in its own thread until closed; the vehicle can be told things between ticks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._ready = threading.Event()
        self.errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._ready.wait(30.0) and not self.errors, self.errors

    def _run(self) -> None:
        try:
            rig = Rig(self._folder)
            self.vehicle = FakeVehicle(rig)
            self.server = WebServer(rig.station)
            self.server.start()
            start = time.monotonic()
            while not self._stop.wait(0.05):
                now = time.monotonic() - start
                with self._lock:
                    self.vehicle.tick(now)
                rig.station.tick(now)
                self._ready.set()
            self.server.stop()
            rig.store.close()
        except Exception as error:  # noqa: BLE001 - handed to the test's own thread
            self.errors.append(error)
            self._ready.set()

    def find(self, number: int) -> None:
        with self._lock:
            self.vehicle.find(number)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10.0)


@pytest.fixture(scope="module")
def browser() -> Iterator["sync_api.Browser"]:
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def survey(tmp_path: Path) -> Iterator[Survey]:
    survey = Survey(tmp_path)
    yield survey
    survey.close()
    assert survey.errors == []


@pytest.fixture
def page(browser: "sync_api.Browser", survey: Survey) -> Iterator["sync_api.Page"]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(survey.server.url)
    page.wait_for_selector("#link.good")
    yield page
    page.close()
    assert [p for p in problems if "WebSocket" not in p and "ERR_CONNECTION" not in p] == []


def expect(page: "sync_api.Page", script: str) -> None:
    """Waits until ``script`` is true. Not wait_for_function: the page's own policy forbids eval, as it should."""
    deadline = time.monotonic() + 15.0
    while not page.evaluate(script):
        assert time.monotonic() < deadline, f"never true: {script}"
        page.wait_for_timeout(50)


def test_space_holds_and_holding_is_said_only_when_the_vehicle_does(page: "sync_api.Page", survey: Survey) -> None:
    expect(page, "document.querySelector('#hold-state').textContent === 'vehicle: track'")
    page.focus("#theme")
    page.keyboard.press("Space")
    expect(page, "document.querySelector('#hold-state').textContent.startsWith('holding')")
    assert survey.vehicle.verbs == ["hold"]
    assert page.get_attribute("html", "data-theme") == "night"


def test_the_lease_opens_the_buttons_and_abort_asks_first(page: "sync_api.Page", survey: Survey) -> None:
    assert page.is_disabled("#abort") and page.is_disabled("#take")
    page.fill("#operator", "Kim")
    page.press("#operator", "Space")
    assert survey.vehicle.verbs == []
    page.fill("#operator", "Kim")
    page.click("#take")
    expect(page, "!document.querySelector('#abort').disabled")
    page.click("#abort")
    page.click("#abort-no")
    page.click("#skip")
    expect(page, "document.querySelector('#command-state').textContent === 'skip task accepted'")
    page.click("#abort")
    page.click("#abort-yes")
    expect(page, "document.querySelector('#command-state').textContent === 'abort accepted'")
    assert survey.vehicle.verbs == ["take_control", "skip_task", "abort"]


def test_a_contact_appears_on_list_and_map_and_opens(page: "sync_api.Page", survey: Survey, tmp_path: Path) -> None:
    assert page.text_content("#statement").startswith("No contacts in the")
    survey.find(1)
    page.wait_for_selector("#contacts button")
    page.click(".marker")
    page.wait_for_selector("#contact-dialog[open]")
    assert "F001 · torpedo" in page.text_content("#contact-name")
    expect(page, "document.querySelector('#contact-crop').naturalWidth > 0")
    page.keyboard.press("Escape")
    page.screenshot(path=str(tmp_path / "page.png"))
    assert (tmp_path / "page.png").stat().st_size > 20_000


def test_a_silent_vehicle_is_visibly_stale_and_comes_back(page: "sync_api.Page", survey: Survey) -> None:
    expect(page, "document.querySelector('#preview').naturalWidth > 0")
    survey.vehicle.quiet = True
    expect(page, "document.querySelector('.telemetry').classList.contains('stale-data')")
    expect(page, "document.querySelector('#alerts .critical') !== null")
    expect(page, "/^no picture for \\d+ s$/.test(document.querySelector('#no-picture').textContent)")
    assert "old" in (page.get_attribute(".picture", "class") or "").split()
    assert page.text_content("#hold-state") == "vehicle silent: its state is not known"
    survey.vehicle.quiet = False
    expect(page, "!document.querySelector('.picture').classList.contains('old')")
    expect(page, "document.querySelector('#link').textContent === 'live'")


def test_a_dead_station_is_visible_and_a_hold_says_it_did_not_get_through(page: "sync_api.Page", survey: Survey) -> None:
    survey.close()
    expect(page, "document.body.classList.contains('disconnected')")
    page.keyboard.press("Space")
    expect(page, "document.querySelector('#hold-state').textContent.startsWith('HOLD NOT CONFIRMED')")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768)])
def test_hold_is_in_view_and_nothing_runs_off_the_side(page: "sync_api.Page", width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})
    box = page.locator("#hold").bounding_box()
    assert box is not None and box["y"] + box["height"] <= height
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


def test_every_control_has_a_name(page: "sync_api.Page") -> None:
    nameless = page.evaluate(
        "[...document.querySelectorAll('button, input')].filter(e => !(e.textContent.trim() || e.labels?.length "
        "|| e.getAttribute('aria-label'))).map(e => e.outerHTML)"
    )
    assert nameless == []
