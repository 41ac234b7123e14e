"""Model surgery: acts that change a trained network and say which of its weights survive.

>>> plan = plan_act(document, "replace_head", values={"num_classes": 5})
>>> plan.survival.kept, plan.survival.new
>>> changed, undo = apply_operations(document, plan.operations)

Planning needs no torch. `netloom.surgery.remap.remap_weights` makes the weights fit.
"""

from netloom.surgery.model import ActDescription, Plan, Survival, Target
from netloom.surgery.registry import describe_acts, plan_act

__all__ = ["ActDescription", "Plan", "Survival", "Target", "describe_acts", "plan_act"]
