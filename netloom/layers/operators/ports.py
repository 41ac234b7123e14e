"""Which ports an operator has, as rules that the browser follows too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict

PortCondition = Literal["always", "where_true", "where_missing", "as_many", "one_each", "operands"]


class PortRule(BaseModel):
    """A port, or several.

    Attributes:
        name: Of the port; numbered `name_1`, `name_2`... where there may be several.
        condition: `always`; `where_true` and `where_missing`: by an argument; `as_many` as an
            argument says; `one_each` for every item of an argument; `operands` of an equation.
        argument: Which argument decides.
        default: Its value where it is left out.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    condition: PortCondition = "always"
    argument: str = ""
    default: int | bool | None = None

    def ports(self, arguments: BaseModel) -> Sequence[str]:
        """Return the names of the ports that there are with these arguments."""
        value = cast("object", getattr(arguments, self.argument)) if self.argument else None
        match self.condition:
            case "always":
                return [self.name]
            case "where_true":
                return [self.name] if value else []
            case "where_missing":
                return [self.name] if value is None else []
            case "as_many":
                count = cast("int", value)
            case "one_each":
                count = len(cast("Sequence[object]", value))
            case "operands":
                count = cast("str", value).partition("->")[0].count(",") + 1
        return [f"{self.name}_{number}" for number in range(1, count + 1)]


Ports = tuple[PortRule, ...]
INPUT: Ports = (PortRule(name="input"),)
OUTPUT: Ports = (PortRule(name="output"),)
TWO_INPUTS: Ports = (PortRule(name="input_1"), PortRule(name="input_2"))
WITH_INDEX: Ports = (PortRule(name="input"), PortRule(name="index"))


def several(name: str, argument: str, default: int | None = None) -> Ports:
    """Declare as many ports as an argument says."""
    return (PortRule(name=name, condition="as_many", argument=argument, default=default),)


def port_names(rules: Ports, arguments: BaseModel) -> list[str]:
    """Return the names of the ports that there are with these arguments, in order."""
    return [name for rule in rules for name in rule.ports(arguments)]
