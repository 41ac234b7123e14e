"""`layers`: what networks can be made of, and whether the layers of a package do what they declare.

Only a check needs torch.
"""

from __future__ import annotations

from argparse import Namespace

from netloom.commands.output import say, say_json
from netloom.commands.problem import CommandError
from netloom.layer_checks.report import LayerReport, PackageReport
from netloom.layers.describe import describe_layers
from netloom.layers.registry import installed_layers


def list_layers(options: Namespace) -> int:
    """Print every layer type with its parameters, or check those of a package."""
    if options.check is not None:
        return _check(options)
    layers = describe_layers()
    if options.json:
        say_json([layer.model_dump(mode="json") for layer in layers])
        return 0
    category = ""
    for layer in layers:
        if layer.category != category:
            category = layer.category
            say(f"\n{category}")
        say(f"  {layer.type:<20} {layer.summary}")
    return 0


def _check(options: Namespace) -> int:
    """Print what is wrong with a package; 1 when something is."""
    from netloom.layer_checks.package import check_package

    installed = installed_layers()
    report = check_package(installed, options.check)
    if report is None:
        there = sorted({package for package, _ in installed.layers})
        words = f"there are layers of {', '.join(there)}" if there else "no package adds any"
        raise CommandError(f"No installed package {options.check!r} adds layers: {words}.")
    if options.json:
        say_json(_as_json(report))
    else:
        _say_report(report)
    return 0 if report.is_right else 1


def _say_report(report: PackageReport) -> None:
    say(report.package)
    for problem in report.problems:
        say(f"  WRONG    {problem}")
    for layer in report.layers:
        mark = "ok     " if layer.is_right else "WRONG  "
        uses = "use" if layer.num_trials == 1 else "uses"
        say(f"  {mark}  {layer.type_name}: {layer.num_trials} {uses}, on three inputs each")
        for flaw in layer.flaws:
            say(f"           {'note: ' if flaw.is_note else ''}{flaw.message}")


def _as_json(report: PackageReport) -> dict[str, object]:
    return {
        "package": report.package,
        "is_right": report.is_right,
        "problems": list(report.problems),
        "layers": [_layer_json(layer) for layer in report.layers],
    }


def _layer_json(layer: LayerReport) -> dict[str, object]:
    flaws = [
        {
            "kind": flaw.kind, "message": flaw.message, "port": flaw.port, "is_note": flaw.is_note,
        }
        for flaw in layer.flaws
    ]  # fmt: skip
    return {
        "type": layer.type_name,
        "is_right": layer.is_right,
        "num_trials": layer.num_trials,
        "flaws": flaws,
    }
