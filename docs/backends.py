#!/usr/bin/env python3
"""Makes the table of other emulators in docs/backends.md.

Installs each emulator from PyPI below target/backends, starts it, runs the documented workflows on it beside the
embedded backend and the conformance tests on it alone, and writes what came of them between the table's markers.
Run it from the repository's root; it takes some minutes and needs Python 3.10 or later.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "backends.md"
WORKFLOWS = {"csv": "Asynchronous file processing", "orders": "API workflow", "events": "Event producers"}
SERVICES = {"s3": "S3", "sqs": "SQS", "sns": "SNS", "eventbridge": "EventBridge", "dynamodb": "DynamoDB"}
EMULATORS = [
    {
        "name": "MiniStack",
        "package": "ministack==1.5.33",
        "port": 4580,
        "command": ["ministack"],
        # It would remove containers with its own labels if it found an engine.
        "environment": {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": "4580", "DOCKER_HOST": "unix:///nowhere.sock"},
    },
    {
        "name": "moto server",
        "package": "moto[server]==5.2.5",
        "port": 4581,
        "command": ["moto_server", "-H", "127.0.0.1", "-p", "4581"],
        "environment": {},
    },
]


def main():
    columns = [column(emulator) for emulator in EMULATORS]
    heads = [emulator["name"] + " " + emulator["package"].split("==")[1] for emulator in EMULATORS]
    lines = ["| | " + " | ".join(heads) + " |", "| --- |" + " --- |" * len(heads)]
    for row in columns[0]["rows"]:
        lines.append(f"| {row} | " + " | ".join(column["rows"][row] for column in columns) + " |")
    for head, one in zip(heads, columns):
        fails = one["fails"] or ["- nothing"]
        lines += ["", f"<details><summary>What fails on {head}</summary>", "", *fails, "", "</details>"]
    write(lines)


def column(emulator):
    home = installed(emulator)
    environment = {**os.environ, **emulator["environment"]}
    server = subprocess.Popen(
        [home / "bin" / emulator["command"][0], *emulator["command"][1:]],
        env=environment, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )
    url = f"http://127.0.0.1:{emulator['port']}"
    try:
        wait_for(url)
        rows, fails = workflows(url)
        more_rows, more_fails = conformance(url)
        return {"rows": {**rows, **more_rows}, "fails": fails + more_fails}
    finally:
        server.terminate()
        server.wait()


def installed(emulator):
    home = ROOT / "target" / "backends" / re.sub(r"\W+", "-", emulator["package"])
    if not home.exists():
        print(f"installing {emulator['package']}", file=sys.stderr)
        venv.create(home, with_pip=True)
        subprocess.run([home / "bin" / "pip", "install", "--quiet", emulator["package"]], check=True)
    return home


def wait_for(url):
    for _ in range(300):
        try:
            return urllib.request.urlopen(url, timeout=5)
        except urllib.error.HTTPError:
            return None
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{url} does not answer")


def workflows(url):
    """The scenarios that fit into real time, each on the embedded backend and on the emulator."""
    print(f"scenarios on {url}", file=sys.stderr)
    command = ["cargo", "run", "--quiet", "--", "run", "--backend", "embedded", "--backend", "endpoint"]
    command += ["--endpoint-url", url, "--real-time-limit", "10s", "--format", "json"]
    report = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout)
    same = {one["file"]: one["same"] for one in report["parity"]}
    rows, fails = {}, []
    for folder, title in WORKFLOWS.items():
        ran = [one for one in report["scenarios"] if f"/{folder}/" in one["file"] and one.get("backend") == "endpoint"]
        ran = [one for one in ran if one["status"] != "skipped"]
        good = [one for one in ran if one["status"] == "ok" and same.get(one["file"], False)]
        rows[f"{title} (`scenarios/{folder}`)"] = f"{len(good)} of {len(ran)} scenarios"
        reasons = {}
        for one in (one for one in ran if one not in good):
            reasons.setdefault(reason(one, report), []).append(pathlib.Path(one["file"]).stem)
        fails += [f"- {title}: {why} ({shown(names)})" for why, names in reasons.items()]
    return rows, fails


def reason(one, report):
    if one["status"] == "ok":
        parity = next(parity for parity in report["parity"] if parity["file"] == one["file"])
        return "other than embedded: " + ", ".join(sorted({each["what"] for each in parity["differences"]}))
    message = one["failures"][0]["message"] if one.get("failures") else one["status"]
    # Times and ids make every message another one.
    message = re.sub(r"waiting until \S+ for ", "", message.split("last error: ")[-1])
    message = re.sub(r" at line \d+ column \d+", "", message)
    return re.sub(r"rehearsal-\w+-\d+-", "", message).replace("|", "\\|")


def conformance(url):
    """The conformance tests, service by service."""
    print(f"conformance tests on {url}", file=sys.stderr)
    environment = {**os.environ, "REHEARSAL_CONFORMANCE_URL": url}
    command = ["cargo", "test", "--quiet", "--test", "conformance", "--", "localstack", "--format", "pretty"]
    output = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True).stdout
    results = re.findall(r"^test (\w+)::\w+::(\w+)::localstack \.\.\. (ok|FAILED)", output, re.MULTILINE)
    rows, fails = {}, []
    for service, title in SERVICES.items():
        of = sorted((name, result) for (at, name, result) in results if at == service)
        bad = [name.replace("_", " ") for name, result in of if result != "ok"]
        rows[f"conformance: {title}"] = f"{len(of) - len(bad)} of {len(of)} cases"
        if bad:
            fails.append(f"- {title}: " + ", ".join(bad))
    return rows, fails


def shown(names):
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def write(lines):
    text = PAGE.read_text()
    start, end = "<!-- table: begin -->", "<!-- table: end -->"
    before, rest = text.split(start)
    _, after = rest.split(end)
    PAGE.write_text(before + start + "\n" + "\n".join(lines) + "\n" + end + after)


if __name__ == "__main__":
    main()
