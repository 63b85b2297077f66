"""Headless Chromium, driven over a pipe by its own protocol: no driver program, no package, no network."""
from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
         "--hide-scrollbars", "--remote-debugging-pipe"]


def find() -> str | None:
    """The path of Chromium, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Chromium:
    """One tab; ``with Chromium() as tab: tab.open(address); tab.run("document.title")``."""

    def __init__(self, timeout: float = 300.0) -> None:
        program = find()
        if program is None:
            raise FileNotFoundError("no Chromium is installed")
        self.timeout, self.last, self.buffer = timeout, 0, b""
        self.events: list[dict[str, Any]] = []
        self.profile = tempfile.mkdtemp(prefix="chromium-")
        to_read, self.write = os.pipe()
        self.read, to_write = os.pipe()
        self.process = subprocess.Popen([*_with_pipes(to_read, to_write), program, *FLAGS,
                                         f"--user-data-dir={self.profile}", "about:blank"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        pass_fds=(to_read, to_write))
        os.close(to_read)
        os.close(to_write)
        self.session: str | None = None

    def __enter__(self) -> Chromium:
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.session = None
            self.ask("Browser.close")
            self.process.wait(10)
        except (OSError, RuntimeError, TimeoutError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        finally:
            os.close(self.write)
            os.close(self.read)
            shutil.rmtree(self.profile, ignore_errors=True)

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The browser's answer to one command; what it reports meanwhile is kept in ``events``."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def wait_for(self, method: str) -> None:
        """Wait for an event that the browser reports."""
        while not any(event["method"] == method for event in self.events):
            self._next()

    def _next(self) -> dict[str, Any]:
        """The next message of the browser."""
        end = time.monotonic() + self.timeout
        while b"\0" not in self.buffer:
            if not select.select([self.read], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError(f"the browser said nothing for {self.timeout} s")
            piece = os.read(self.read, 1 << 20)
            if not piece:
                raise RuntimeError(f"the browser ended, code {self.process.poll()}")
            self.buffer += piece
        message, _, self.buffer = self.buffer.partition(b"\0")
        found = dict(json.loads(message))
        if "method" in found:
            self.events.append(found)
        return found

    def look(self, width: int, height: int = 900, scheme: str = "light") -> None:
        """Set the size of the window, in pixels, and the color scheme."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def open(self, address: str) -> None:
        """Load a page, and wait until its formulas are set."""
        self.events.clear()
        self.ask("Page.navigate", url=address)
        self.wait_for("Page.loadEventFired")
        self.run("window.MathJax && MathJax.startup ? MathJax.startup.promise.then(() => true) : true")

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression; a promise is waited for."""
        answer = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, script: str, seconds: float = 120.0) -> Any:
        """The value of an expression as soon as it is true."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            if time.monotonic() > end:
                raise TimeoutError(f"not true after {seconds} s: {script}")
            time.sleep(0.05)
        return value

    def errors(self) -> list[str]:
        """What the page wrote to the console as warning or error since it was opened, and its exceptions."""
        found = []
        for event in self.events:
            told = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                found.append(str(told["exceptionDetails"].get("exception", {}).get("description", told)))
            elif event["method"] == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
                found.append(" ".join(str(one.get("value", one.get("description"))) for one in told["args"]))
            elif event["method"] == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                found.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        return found


def _with_pipes(to_read: int, to_write: int) -> list[str]:
    """The start of a command line that gives the browser the two pipes under the numbers 3 and 4, which it expects."""
    high_read, high_write = 103, 104
    return ["bash", "-c", f'exec {high_read}<&{to_read} {high_write}>&{to_write}; '
                          f'exec 3<&{high_read} 4>&{high_write} {high_read}<&- {high_write}>&-; exec "$@"', "bash"]
