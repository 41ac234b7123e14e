"""The only way to a network: by a person, for an action, outside of the bin unless asked."""

from __future__ import annotations

from accounts.access import Action, access_project, require_out_of_bin
from accounts.models import Person
from common.errors import not_found
from designer.models import Comment, Network, Version, WeightFile, WeightSet


def access_network(
    person: Person,
    network_id: str,
    action: Action,
    *,
    in_bin: bool = False,
    what: str = "network",
) -> Network:
    """Fetch a network; raises Problem not_found when it is not there or not allowed.

    One in the bin raises Problem in_bin for those who do not ask for it too (`in_bin`). `what` is
    what a stranger is told that there is not.
    """
    network = Network.objects.filter(pk=network_id).first()
    if network is None:
        raise not_found(what)
    access_project(person, network.project_id, action, what)
    if not in_bin:
        require_out_of_bin(person, network, "network")
    return network


def access_version(person: Person, version_id: str, action: Action) -> Version:
    """Fetch a version of a network that is not in the bin."""
    version = Version.objects.select_related("author").filter(pk=version_id).first()
    if version is None:
        raise not_found("version")
    access_network(person, version.network_id, action, what="version")
    return version


def access_weight_set(person: Person, weight_set_id: str, action: Action) -> WeightSet:
    """Fetch the weights of a network that is not in the bin."""
    found = WeightSet.objects.select_related("network").filter(pk=weight_set_id).first()
    if found is None:
        raise not_found("weights")
    access_network(person, found.network_id, action, what="weights")
    return found


def access_weight_file(person: Person, weight_file_id: str, action: Action) -> WeightFile:
    """Fetch weights that wait for a network."""
    found = WeightFile.objects.select_related("project").filter(pk=weight_file_id).first()
    if found is None:
        raise not_found("weights")
    access_project(person, found.project_id, action, "weights")
    return found


def access_comment(person: Person, comment_id: str) -> Comment:
    """Fetch a remark of a network that the person may comment on.

    Raises:
        Problem: `not_found`.
    """
    found = Comment.objects.select_related("network", "thread").filter(pk=comment_id).first()
    if found is None or found.deleted_at is not None:
        raise not_found("comment")
    access_network(person, found.network_id, "label", what="comment")
    return found
