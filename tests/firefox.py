"""A headless Firefox on its own control port (Marionette): no driver program, no library."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("firefox-esr", "firefox")
STARTS_IN_S = 60
PREFERENCES = {
    "marionette.port": 0,
    "network.proxy.type": 1,  # a proxy that isn't there: whatever is asked for is refused
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "ui.prefersReducedMotion": 1,
}
WATCH = """
globalThis.hmgeoAsked = [];
Services.console.reset();
Services.obs.addObserver({ observe(subject) {
  const channel = subject.QueryInterface(Ci.nsIHttpChannel);
  const from = channel.loadInfo && channel.loadInfo.loadingPrincipal;
  if (from && !from.isSystemPrincipal) { globalThis.hmgeoAsked.push(channel.URI.spec); }
} }, "http-on-modify-request");
"""
HEARD = """
return Services.console.getMessageArray().map(one => String(one))
  .filter(text => text.includes("file:///") && !text.startsWith("[JavaScript Warning"));
"""


def firefox_path() -> str:
    """Return the Firefox to drive; empty where there is none."""
    return os.environ.get("HMGEO_FIREFOX") or next(filter(None, map(shutil.which, NAMES)), "")


class Firefox:
    """One window of a Firefox with a profile of its own."""

    def __init__(self, path: str, profile: Path) -> None:
        lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in PREFERENCES.items()]
        (profile / "user.js").write_text("\n".join(lines), encoding="utf-8")
        command = [path, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        size = {"MOZ_HEADLESS_WIDTH": "1440", "MOZ_HEADLESS_HEIGHT": "900"}
        self.process = subprocess.Popen([*command, str(profile)], env=os.environ | size, **quiet)  # noqa: S603
        self.link = socket.create_connection(("127.0.0.1", self._port(profile / "MarionetteActivePort")), timeout=60)
        self.number = 0
        self._receive()
        self.ask("WebDriver:NewSession", capabilities={"alwaysMatch": {"acceptInsecureCerts": False}})
        self.inside(WATCH)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()
        self.process.terminate()
        self.process.wait(timeout=30)

    def open(self, url: str) -> None:
        self.ask("WebDriver:Navigate", url=url)
        self.until("return document.documentElement.getAttribute('data-ready') === 'yes'")

    def run(self, script: str, *arguments: object) -> Any:  # noqa: ANN401 - whatever the script returns
        """Return what a script in the page returns."""
        return self.ask("WebDriver:ExecuteScript", script=script, args=list(arguments))["value"]

    def inside(self, script: str) -> Any:  # noqa: ANN401 - whatever the script returns
        """Return what a script in the browser itself returns."""
        self.ask("Marionette:SetContext", value="chrome")
        found = self.ask("WebDriver:ExecuteScript", script=script, args=[], sandbox="system")["value"]
        self.ask("Marionette:SetContext", value="content")
        return found

    def asked(self) -> list[str]:
        """Return what pages asked of the network."""
        return list(self.inside("return globalThis.hmgeoAsked"))

    def complaints(self) -> list[str]:
        """Return errors of pages on the console."""
        return list(self.inside(HEARD))

    def until(self, script: str) -> None:
        """Wait until a script in the page says so."""
        end = time.monotonic() + STARTS_IN_S
        while not self.run(script):
            if time.monotonic() > end:
                message = f"never true: {script}"
                raise TimeoutError(message)
            time.sleep(0.05)

    def forget(self) -> None:
        """Forget what was asked and complained of so far."""
        self.inside("globalThis.hmgeoAsked.length = 0; Services.console.reset();")

    def ask(self, command: str, **parameters: object) -> dict[str, Any]:
        """Return what Firefox answers to a command."""
        self.number += 1
        text = json.dumps([0, self.number, command, parameters])
        self.link.sendall(f"{len(text.encode())}:{text}".encode())
        _, number, error, result = self._receive()
        if error or number != self.number:
            raise RuntimeError(command, error)
        return dict(result or {})

    def _receive(self) -> Any:  # noqa: ANN401 - JSON
        head = b""
        while not head.endswith(b":"):
            head += self.link.recv(1)
        body, length = b"", int(head[:-1])
        while len(body) < length:
            body += self.link.recv(length - len(body))
        return json.loads(body)

    def _port(self, file: Path) -> int:
        end = time.monotonic() + STARTS_IN_S
        while not (file.is_file() and file.read_text(encoding="ascii").strip()):
            if time.monotonic() > end or self.process.poll() is not None:
                self.process.kill()
                message = "Firefox did not open its control port"
                raise TimeoutError(message)
            time.sleep(0.1)
        return int(file.read_text(encoding="ascii"))
