"""A real browser without a window: Debian's Chromium, driven through its own driver; it looks up no name.

Knows pages only by what any page has: requests, console, boxes, colours, keys. What these should be is for tests to
say.
"""

import json
from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from broker.ports import free_port
from tests.kit.programs import need

WIDTHS: Final = (1280, 768, 390)
"""Of a desk, a tablet and a telephone, in CSS pixels."""
LIGHTS: Final = ("light", "dark")
PAPER: Final = 718
"""The width of A4 between margins of 10 mm, in CSS pixels."""

_SCRIPT_S: Final = 300.0
"""For any script: the driver's own 30 s are little where others have the machine."""
_SWITCHES: Final = (
    "--headless=new",
    "--no-sandbox",  # root, as in a container, has none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
_LAYOUT: Final = (Path(__file__).parent / "browser.js").read_text("utf-8")


class Browser:
    """One window, and what it saw since it was last asked."""

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver

    def open(self, address: str) -> None:
        """Loads a page to its end; what was logged before is forgotten."""
        self._driver.get("about:blank")
        self.console()
        self.requests()
        self._driver.get(address)

    def console(self) -> list[str]:
        """What the browser complained of since the last question: of any level."""
        return [str(entry["message"]) for entry in self._log("browser")]

    def requests(self) -> list[str]:
        """The addresses asked for since the last question, that of the page among them."""
        messages = (json.loads(entry["message"])["message"] for entry in self._log("performance"))
        return [
            message["params"]["request"]["url"]
            for message in messages
            if message["method"] == "Network.requestWillBeSent"
        ]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._driver.execute("getLog", {"type": kind})["value"]
        return entries

    def look(self, *, width: int = WIDTHS[0], light: str = LIGHTS[0], medium: str = "screen") -> None:
        """The window's width in CSS pixels, the reader's light, and whether it is `print`."""
        shape = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
        scheme = {"name": "prefers-color-scheme", "value": light}
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": [scheme]})

    def asks(self, function: str, *arguments: Any) -> Any:
        """What a function of `browser.js` answers about the page."""
        return self._driver.execute_script(f"{_LAYOUT}\nreturn {function}(...arguments)", *arguments)

    def run_async(self, script: str) -> Any:
        """What a script on the page gives to its last argument."""
        return self._driver.execute_async_script(script)

    def source(self) -> str:
        """The page as it is now, as HTML."""
        return str(self._driver.page_source)

    def click(self, selector: str) -> None:
        """The middle of the first element that fits."""
        self._driver.find_element(By.CSS_SELECTOR, selector).click()

    def choose(self, selector: str, value: str) -> None:
        """An option of a selection, by its value."""
        Select(self._driver.find_element(By.CSS_SELECTOR, selector)).select_by_value(value)

    @contextmanager
    def without_script(self) -> Iterator[None]:
        """Pages that are opened here run no script of their own."""
        self._driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            yield
        finally:
            self._driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def press(self, *keys: str) -> None:
        """Keys, one after the other, to whatever has the focus."""
        ActionChains(self._driver, duration=0).send_keys(*keys).perform()

    def picture(self, file: Path) -> None:
        """The whole page as it looks now, as PNG."""
        whole = {"format": "png", "captureBeyondViewport": True}
        shot: Mapping[str, str] = self._driver.execute_cdp_cmd("Page.captureScreenshot", whole)
        file.write_bytes(b64decode(shot["data"]))

    def part_of_picture(self, file: Path, *, width: int, height: int) -> None:
        """The upper end of the page, as WebP."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        how = {"format": "webp", "quality": 82, "captureBeyondViewport": True, "clip": clip}
        shot: Mapping[str, str] = self._driver.execute_cdp_cmd("Page.captureScreenshot", how)
        file.write_bytes(b64decode(shot["data"]))


@contextmanager
def a_browser(profile: Path, switches: Sequence[str] = _SWITCHES) -> Iterator[Browser]:
    """A browser with an empty profile in this folder; it ends with the block.

    Both programs are named, so that Selenium does not start its own search for them, which asks the network and counts
    its users.
    """
    options = ChromeOptions()
    options.binary_location = need("chromium")
    for switch in (*switches, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options._ignore_local_proxy = True  # the driver is on the loopback; the public method for it warns of its end
    driver = Chrome(options=options, service=ChromeService(need("chromedriver"), port=free_port()))
    driver.set_script_timeout(_SCRIPT_S)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
