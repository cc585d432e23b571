"""What pip-audit found of the packages of a lock file: python3 judge_audit.py LOCK ANSWER."""

import json
import sys
from pathlib import Path


def judge(lock: str, answer: Path) -> int:
    """Say how many packages have a known vulnerability and of how many nobody could be asked; 1 if any has one."""
    try:
        packages = json.loads(answer.read_text(encoding="utf-8"))["dependencies"]
    except (FileNotFoundError, ValueError):
        packages = []  # it ended before it had anything to say
    asked = [package for package in packages if "skip_reason" not in package]
    bad = {package["name"]: [known["id"] for known in package["vulns"]] for package in asked if package["vulns"]}
    for name, known in bad.items():
        print(f"error: {lock}: {name} has known vulnerabilities: {', '.join(known)}. Pin another version.")
    if len(asked) < len(packages) or not packages:
        unasked = f"{len(packages) - len(asked)} of {len(packages)}" if packages else "any"
        print("*" * 100)
        print(f"KNOWN VULNERABILITIES WERE NOT LOOKED UP: nobody could be asked of {unasked} packages of {lock}")
        print("*" * 100)
    if asked and not bad:
        print(f"{lock}: no vulnerability is known of {len(asked)} packages")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(judge(sys.argv[1], Path(sys.argv[2])))
