#!/usr/bin/env python3
"""Writes what must accompany the program as a binary: notices of third parties, and a bill of materials.

    .ci/notices.py FOLDER [--target TRIPLE]

FOLDER gets NOTICES.txt, with the full texts of all licences, and sbom.cdx.json, in the format CycloneDX 1.5. Both list the
packages that `cargo install --path host` links into the program for the target (by default this machine's), from Cargo.lock;
procedural macros and what only they need are not linked, but listed all the same. Equal sources make equal files: there is no
date in them. The script uses nothing but Python's own library and cargo.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Files that state a licence or its holders, at any depth of a package.
TEXTS = re.compile(r"(licen[cs]es?|copying|copyright|notice|unlicense)([-_. ].*)?", re.IGNORECASE)
# Folders of a package from which nothing is linked.
UNLINKED = {"assets", "benches", "build-aux", "examples", "tests"}
# A shorter text only points to a licence: "MIT or Apache-2.0", or the path of a file that is not in the package.
SHORTEST = 400
# Asks for the source of what it covers, and for its own text, which packages only point to.
MPL = "MPL-2.0"
MPL_TEXT = (ROOT / ".ci/MPL-2.0.txt").read_text(encoding="utf-8").strip("\n")
# Alternatives that nobody takes (deny.toml allows none of them), and licences of scripts that are not linked.
GNU = re.compile(r"\s*(gnu (lesser )?general public license|gnu affero)", re.IGNORECASE)
# For packages that ship no text, each of which offers MIT: our own text, with other holders.
MIT = re.sub(r"(?m)^Copyright .*$", "Copyright (c) {}", (ROOT / "LICENSE-MIT").read_text(encoding="utf-8")).strip("\n")

# Parts of the program that are no package of Cargo.
OTHERS = """Rust's standard library
    is linked into the program. MIT OR Apache-2.0, Copyright (c) The Rust Project Developers;
    its own notices are in the file COPYRIGHT-library.html of the toolchain and at https://github.com/rust-lang/rust.

"Optical Recognition of Handwritten Digits"
    is the data set `digits` of the program. E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998,
    https://doi.org/10.24432/C50P49, licensed CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). The data are unchanged;
    the program splits them into training and test images. They come from scikit-learn, which is licensed BSD-3-Clause.
"""


def run(*command):
    """Output of a command of the toolchain."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def packages(target):
    """The program's own package, all packages that are linked into it, and the dependencies of each."""
    metadata = json.loads(
        run(
            "cargo", "metadata", "--locked", "--format-version", "1",
            "--manifest-path", "host/Cargo.toml", "--filter-platform", target,
        )
    )  # fmt: skip
    # The metadata have the features of the whole workspace, tests included; the tree has those of the program.
    tree = run(
        "cargo", "tree", "--locked", "--package", "synfire", "--target", target,
        "--edges", "normal", "--prefix", "none", "--format", "{p}",
    )  # fmt: skip
    linked = {"@".join(line.split()[:2]).replace("@v", "@") for line in tree.splitlines() if line}
    known = {f"{package['name']}@{package['version']}": package for package in metadata["packages"]}
    names = {package["id"]: name for name, package in known.items()}
    needs = {
        names[node["id"]]: sorted(
            names[dependency["pkg"]]
            for dependency in node["deps"]
            if names[dependency["pkg"]] in linked and any(kind["kind"] is None for kind in dependency["dep_kinds"])
        )
        for node in metadata["resolve"]["nodes"]
        if names[node["id"]] in linked
    }
    if missing := linked - needs.keys():
        sys.exit(f"cargo metadata does not have {', '.join(sorted(missing))}")
    program = names[metadata["resolve"]["root"]]
    return known[program], [known[name] for name in sorted(needs) if name != program], needs


def texts(package):
    """Licence texts of a package by path; of a package that has none, the text of MIT with its authors."""
    folder, found = Path(package["manifest_path"]).parent, {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in UNLINKED]
        for name in files:
            path = Path(place, name)
            if TEXTS.fullmatch(name) and path.suffix not in {".rs", ".sh", ".py", ".c", ".h", ".html"}:
                text = path.read_text(encoding="utf-8", errors="replace").replace("\r\n", "\n").strip("\n")
                if not GNU.match(text):
                    found[path.relative_to(folder).as_posix()] = text
    if MPL in (package["license"] or ""):
        found[f"the text of {MPL}"] = MPL_TEXT
    if not any(len(text) >= SHORTEST for text in found.values()):
        if "MIT" not in re.split(r"[^A-Za-z0-9.-]+", package["license"] or ""):
            label = f"{package['name']} {package['version']}"
            sys.exit(f"{label} has no licence text and does not offer MIT; add its text to {Path(__file__).name}")
        holders = ", ".join(package["authors"]) or f"the authors of {package['name']}"
        found["the package has no text; this is MIT, with the authors of its manifest"] = MIT.format(holders)
    return dict(sorted(found.items()))


def notices(program, others):
    """The text of NOTICES.txt; equal texts are printed once."""
    heading = f"Third-party notices of {program['name']} {program['version']}"
    out = [heading, "=" * len(heading), ""]
    out += [
        "The program is licensed MIT OR Apache-2.0. It contains the packages below, unchanged, each under its own licence;",
        "where a package offers a choice, any of its licences may be chosen. The texts follow the list.",
        "",
        "The source of package NAME of version VERSION is https://crates.io/api/v1/crates/NAME/VERSION/download.",
        "",
    ]
    foreign = [package for package in others if package["source"]]
    numbers, shown = {}, []
    for package in foreign:
        out.append(f"{package['name']} {package['version']}: {package['license'] or 'see its text'}")
        if MPL in (package["license"] or ""):
            out += [
                f"    is under {MPL}, which gives you the right to its source: it is unchanged, at",
                f"    https://crates.io/api/v1/crates/{package['name']}/{package['version']}/download and {package['repository']}.",
            ]
        for path, text in texts(package).items():
            key = hashlib.sha256(text.encode()).hexdigest()
            if key not in numbers:
                numbers[key] = len(numbers) + 1
                shown.append([text, []])
            shown[numbers[key] - 1][1].append(f"{package['name']} {package['version']}, {path}")
            out.append(f"    text {numbers[key]}: {path}")
    out += ["", "Not packages", "------------", "", OTHERS]
    for number, (text, places) in enumerate(shown, 1):
        title = f"Text {number}"
        out += [title, "-" * len(title), "", *places, "", text, ""]
    return "\n".join(out)


def sbom(program, others, needs):
    """The bill of materials, with the SHA-256 of each package as Cargo.lock has it."""
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))["package"]
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in locked}

    def component(package, kind):
        reference = f"{package['name']}@{package['version']}"
        result = {"type": kind, "bom-ref": reference, "name": package["name"], "version": package["version"]}
        if package["license"]:
            # `/` is how old manifests write OR.
            result["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
        if package["source"]:
            result["purl"] = f"pkg:cargo/{reference}"
            result["hashes"] = [{"alg": "SHA-256", "content": checksums[package["name"], package["version"]]}]
        if package["repository"]:
            result["externalReferences"] = [{"type": "vcs", "url": package["repository"]}]
        return result

    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": component(program, "application")},
        "components": [component(package, "library") for package in others],
        "dependencies": [{"ref": name, "dependsOn": needs[name]} for name in sorted(needs)],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--target")
    arguments = parser.parse_args()
    target = arguments.target or re.search(r"^host: (.*)$", run("rustc", "-vV"), re.MULTILINE)[1]
    program, others, needs = packages(target)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name, text in [
        ("NOTICES.txt", notices(program, others)),
        ("sbom.cdx.json", json.dumps(sbom(program, others, needs), indent=1, ensure_ascii=False)),
    ]:
        (arguments.folder / name).write_text(text.rstrip("\n") + "\n", encoding="utf-8")
        print(arguments.folder / name)


main()
