"""A headless Chromium that is driven over two pipes, without packages beside the browser: opens a
page from disk, runs expressions in it, notes every error of the console and every request."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

WAIT = 40  # seconds for any answer
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def find():
    """The program's path, or None."""
    return next((path for path in map(shutil.which, PROGRAMS) if path), None)


class Chromium:
    """Use as a context. After open(): errors, requests, value(), click()."""

    def __init__(self, dark=False):
        self.home = tempfile.mkdtemp(prefix="twinkly-chromium-")
        self.errors, self.requests, self.loaded = [], [], set()
        self.last_id, self.buffer = 0, b""
        to_read, self.out = os.pipe()
        self.inn, to_write = os.pipe()
        self.process = subprocess.Popen(
            [find(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
             "--hide-scrollbars", "--remote-debugging-pipe", f"--user-data-dir={self.home}",
             *(["--blink-settings=preferredColorScheme=0"] if dark else []), "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: self.take_pipes(to_read, to_write), close_fds=False,
            start_new_session=True)
        os.close(to_read)
        os.close(to_write)
        self.session = None
        target = next(t for t in self.call("Target.getTargets")["targetInfos"]
                      if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"],
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.call("Page.setLifecycleEventsEnabled", enabled=True)

    @staticmethod
    def take_pipes(to_read, to_write):
        """In the child: Chromium reads from 3 and writes to 4."""
        low, high = os.dup(to_read), os.dup(to_write)
        while min(low, high) < 5:
            low, high = os.dup(low), os.dup(high)
        os.dup2(low, 3)
        os.dup2(high, 4)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.out)
        os.close(self.inn)
        shutil.rmtree(self.home, ignore_errors=True)

    # --- messages

    def receive(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.inn], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.inn, 1 << 20) if ready else b""
            if not chunk:
                raise AssertionError("Chromium " + ("ended" if ready else "does not answer"))
            self.buffer += chunk
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        self.note(message)
        return message

    def note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Page.lifecycleEvent" and params["name"] == "load":
            self.loaded.add(params["loaderId"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(params["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.errors.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def call(self, method, **params):
        self.last_id += 1
        message = {"id": self.last_id, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + WAIT
        while True:
            answer = self.receive(deadline)
            if answer.get("id") == self.last_id:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]

    # --- pages

    def resize(self, width, height):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)

    def load(self, url):
        loader = self.call("Page.navigate", url=url)["loaderId"]
        deadline = time.monotonic() + WAIT
        while loader not in self.loaded:
            self.receive(deadline)

    def open(self, path, fragment=""):
        """Loads a file and waits for it; returns the seconds that it took."""
        self.load("about:blank")
        self.errors, self.requests = [], []
        start = time.monotonic()
        self.load("file://" + os.path.abspath(path) + fragment)
        self.value("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return time.monotonic() - start

    def value(self, expression):
        """What an expression of JavaScript yields; a promise is awaited."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True,
                           awaitPromise=True)
        if "exceptionDetails" in result:
            raise AssertionError(f"{expression}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def click(self, selector):
        """A click of the mouse in the middle of the element."""
        x, y = self.value(f"""(() => {{
            const element = document.querySelector({json.dumps(selector)});
            element.scrollIntoView({{block: "center"}});
            const box = element.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2]; }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def press(self, key, code=None, text=None):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key,
                      **({"text": text} if text and kind == "keyDown" else {}))

    def type(self, text):
        self.call("Input.insertText", text=text)

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
