"""Every layer of a package tried, with trials that are made up. Imports torch."""

from __future__ import annotations

from collections.abc import Iterable

from netloom.layer_checks.flaws import Flaw, Found
from netloom.layer_checks.guesses import guess_trials
from netloom.layer_checks.report import LayerReport, PackageReport
from netloom.layer_checks.trial import check_trial
from netloom.layers.base import AnyLayer
from netloom.layers.describe import describe_layer
from netloom.layers.installed import InstalledLayers


def check_package(installed: InstalledLayers, name: str) -> PackageReport | None:
    """Check every layer of a package; None when no installed package of that name adds layers.

    Args:
        name: Of the package as it was installed, or of its types before the dot.
    """
    layers = [
        (package, layer)
        for package, layer in installed.layers
        if name in (_name_of(package), layer.type_name.partition(".")[0])
    ]
    packages = {package for package, _ in layers}
    problems = [
        problem
        for problem in installed.problems
        if problem.package in packages or _name_of(problem.package) == name
    ]
    packages |= {problem.package for problem in problems}
    if not packages:
        return None
    reports = tuple(check_layer(layer) for _, layer in layers)
    messages = tuple(problem.message for problem in problems)
    return PackageReport(", ".join(sorted(packages)), messages, reports)


def _name_of(package: str) -> str:
    return package.partition(" ")[0].partition(":")[0].partition(".")[0]


def check_layer(layer: AnyLayer) -> LayerReport:
    """Try a layer with made-up parameters and shapes."""
    flaws = list(_word_flaws(layer))
    try:
        guesses = guess_trials(layer)
    except Found as found:
        return LayerReport(layer.type_name, 0, (*flaws, found.flaw))
    if not guesses.trials:
        words = (
            f"It accepts none of {guesses.num_tried} usual inputs (the last: {guesses.reason}) "
            "Give the declaration `examples`: shapes by input port that it does accept."
        )
        flaws.append(Flaw("shapes", words))
    last: object = None
    for trial in guesses.trials:
        found = check_trial(layer, trial, reads_back=trial.params != last)
        last = trial.params
        with_params = f" With {dict(trial.params)}." if trial.params else ""
        flaws += [Flaw(each.kind, each.message + with_params, each.port) for each in found]
    return LayerReport(layer.type_name, len(guesses.trials), tuple(_first_of_each(flaws)))


def _first_of_each(flaws: Iterable[Flaw]) -> Iterable[Flaw]:
    """One mistake shows in many trials: the first sentence of each kind says it."""
    seen: dict[tuple[str, str | None], Flaw] = {}
    for flaw in flaws:
        seen.setdefault((flaw.kind, flaw.port), flaw)
    return seen.values()


def _word_flaws(layer: AnyLayer) -> Iterable[Flaw]:
    """What a person reads of it in palette and form."""
    description = describe_layer(layer)
    if not description.summary.endswith("."):
        yield Flaw("words", "`summary` has to be a sentence, with a full stop.")
    silent = [param.name for param in description.params if not param.description]
    if silent:
        yield Flaw("words", f"Nothing explains the parameters {', '.join(silent)}.")
