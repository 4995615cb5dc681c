#!/usr/bin/env python3
"""Takes docs/images/station.png from a running page: ``scripts/screenshot.py URL [FILE]``. Needs /usr/bin/chromium."""

import sys
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

IMAGE = Path(__file__).parent.parent / "docs" / "images" / "station.png"


def main(arguments: list[str]) -> int:
    """Waits until the page is live with a picture and draws it at 1440 x 900. Returns an exit code."""
    if len(arguments) not in (1, 2):
        print(__doc__, file=sys.stderr)
        return 2
    image = Path(arguments[1]) if len(arguments) == 2 else IMAGE
    image.parent.mkdir(parents=True, exist_ok=True)
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.goto(arguments[0])
            page.wait_for_selector("#link.good")
            page.wait_for_selector("#preview:not([hidden])")
            page.wait_for_timeout(1500)
            page.screenshot(path=str(image))
            browser.close()
    except Error as error:
        print(f"screenshot: {arguments[0]}: {error.message.splitlines()[0]}", file=sys.stderr)
        return 1
    print(image)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
