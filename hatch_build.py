"""Compiles the native kernel while a wheel or an editable install is built.

The system's C compiler does it where one works, else the one in the wheel `ziglang`, which is
asked for only then. Where neither works the package is still installed, and scans in plain
Python, much slower; `leakscan doctor` says so.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("scanner/index/native")
SOURCE = "kernel.c"
ENDING = {"win32": "dll", "darwin": "dylib"}.get(sys.platform, "so")
ZIG = "ziglang>=0.14"
FLAGS = ["-O3", "-shared", "-fPIC", "-fvisibility=hidden", "-std=gnu11", "-g0"]
PROBE = "int leakscan_probe(int x) { return __builtin_ctzll((unsigned long long)x | 1); }\n"


def levels() -> dict[str, tuple[str, str]]:
    """The levels to compile, each with its flag for the system's compiler and for zig."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return {"generic": ("", "")}
    told = {f"v{n}": (f"-march=x86-64-v{n}", f"-mcpu=x86_64_v{n}") for n in (4, 3, 2)}
    told["v4vbmi"] = (
        "-march=x86-64-v4 -mavx512vbmi -mavx512vbmi2",
        "-mcpu=x86_64_v4+avx512vbmi+avx512vbmi2",
    )
    return {**told, "generic": ("", "-mcpu=x86_64")}


def system_compiler() -> list[str] | None:
    """The system's compiler, where it makes a shared object."""
    if os.environ.get("LEAKSCAN_NO_CC"):
        return None
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        path = shutil.which(name) if name else None
        if path is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "probe.c")
            source.write_text(PROBE, encoding="ascii")
            if compile_one([path], source, Path(folder, f"probe.{ENDING}"), ""):
                return [path]
    return None


def zig_compiler() -> list[str] | None:
    """The compiler of the wheel `ziglang`, where it is installed."""
    command = [sys.executable, "-m", "ziglang", "cc"]
    try:
        done = subprocess.run([*command, "--version"], capture_output=True, check=False)
    except OSError:
        return None
    return command if done.returncode == 0 else None


def compile_one(command: list[str], source: Path, target: Path, flag: str) -> bool:
    """Whether the compiler made the object."""
    flags = [*FLAGS, *flag.split()]
    temporary = target.with_name(f".{os.getpid()}-{target.name}")
    line = [*command, *flags, str(source), "-o", str(temporary)]
    try:
        done = subprocess.run(line, capture_output=True, check=False)
    except OSError:
        return False
    if done.returncode == 0 and temporary.is_file():
        temporary.replace(target)
        return True
    temporary.unlink(missing_ok=True)
    return False


def build(root: Path) -> list[Path]:
    """The objects, compiled; as many levels as the compiler can do."""
    system = system_compiler()
    command = system or zig_compiler()
    if command is None:
        return []
    made = []
    for level, (flag, zig_flag) in levels().items():
        target = root / FOLDER / f"kernel-{level}.{ENDING}"
        if compile_one(command, root / FOLDER / SOURCE, target, flag if system else zig_flag):
            made.append(target)
    return made


class CustomBuildHook(BuildHookInterface):
    """The hook that hatchling calls."""

    def dependencies(self) -> list[str]:
        """The zig wheel, where the system has no compiler."""
        if self.target_name != "wheel" or system_compiler() is not None:
            return []
        return [ZIG]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and put the objects into the wheel."""
        if self.target_name != "wheel":
            return
        made = build(Path(self.root))
        if not made:
            self.app.display_warning(
                "no C compiler works here: leakscan will scan in plain Python, much slower"
            )
            return
        system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{system}"
        if version != "editable":
            for path in made:
                inside = path.relative_to(self.root).as_posix()
                build_data["force_include"][str(path)] = inside
