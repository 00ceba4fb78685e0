"""Counters of a running service, told as one line, and to Prometheus on request."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from scanner.model.errors import UsageError

_KEPT = 4096  # durations kept for the quantiles


class Health:
    """Counts, levels and durations under fixed names. Safe to use from several threads."""

    def __init__(self, service: str, *, counts: tuple[str, ...], levels: tuple[str, ...]) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(counts, 0)
        self._levels = dict.fromkeys(levels, 0.0)
        self._durations: deque[float] = deque(maxlen=_KEPT)
        self._duration_sum = 0.0
        self._duration_count = 0

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name] += by

    def level(self, name: str, value: float) -> None:
        """Set a level."""
        with self._lock:
            self._levels[name] = value

    def duration(self, seconds: float) -> None:
        """One more duration."""
        with self._lock:
            self._durations.append(seconds)
            self._duration_sum += seconds
            self._duration_count += 1

    def value(self, name: str) -> float:
        """A counter or level."""
        with self._lock:
            return self._counts[name] if name in self._counts else self._levels[name]

    def quantile(self, share: float) -> float:
        """A quantile of the latest durations, 0 where there is none."""
        with self._lock:
            ordered = sorted(self._durations)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def line(self) -> str:
        """Everything in one line, name=value."""
        with self._lock:
            parts = [f"{name}={value}" for name, value in self._counts.items()]
            parts += [f"{name}={value:g}" for name, value in self._levels.items()]
        parts += [f"p{share * 100:g}={self.quantile(share):.3f}s" for share in (0.5, 0.99)]
        return " ".join(parts)

    def prometheus(self) -> str:
        """Everything in the text form that Prometheus reads."""
        prefix = f"leakscan_{self._service}"
        lines: list[str] = []
        with self._lock:
            for name, value in self._counts.items():
                lines += [f"# TYPE {prefix}_{name}_total counter", f"{prefix}_{name}_total {value}"]
            for name, level in self._levels.items():
                lines += [f"# TYPE {prefix}_{name} gauge", f"{prefix}_{name} {level:g}"]
            total, count = self._duration_sum, self._duration_count
        lines.append(f"# TYPE {prefix}_seconds summary")
        for share in (0.5, 0.99):
            lines.append(f'{prefix}_seconds{{quantile="{share}"}} {self.quantile(share):.6f}')
        lines += [f"{prefix}_seconds_sum {total:.6f}", f"{prefix}_seconds_count {count}"]
        return "\n".join(lines) + "\n"


class HealthServer:
    """Answers /metrics and /health over HTTP, by default to this machine only.

    `healthy` says whether the service works; /health answers 200 or 503 by it.
    """

    def __init__(
        self, health: Health, healthy: Callable[[], bool], port: int, host: str = "127.0.0.1"
    ) -> None:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/metrics":
                    self._answer(200, health.prometheus())
                elif self.path == "/health":
                    well = healthy()
                    self._answer(
                        200 if well else 503, ("ok " if well else "failing ") + health.line()
                    )
                else:
                    self._answer(404, "")

            def _answer(self, status: int, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                return

        try:
            self._server = ThreadingHTTPServer((host, port), Answer)
        except OSError as error:
            raise UsageError(f"{host}:{port} cannot be listened on: {error.strerror}") from None
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
