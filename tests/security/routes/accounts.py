from __future__ import annotations

from accounts import invitations, services
from tests.security.routes import Route, World

ROUTES = {
    "get_session": Route("nobody"),
    "sign_in_by_link": Route("nobody", {"token": "not a token"}),
    "sign_in_by_password": Route("nobody", {"email": "a@example.org", "password": "wrong"}),
    "sign_out": Route("nobody"),
    "update_session": Route("person", {"theme": "dark"}),
    "list_projects": Route("person"),
    "create_project": Route("person", {"name": "Another"}),
    "get_project": Route("view"),
    "rename_project": Route("own", {"name": "Renamed"}),
    "delete_project": Route("own"),
    "list_members": Route("view"),
    "change_member": Route("own", {"role": "viewer"}),
    "remove_member": Route("own"),
    "list_invitations": Route("own"),
    "create_invitation": Route("own", {"role": "viewer"}),
    "withdraw_invitation": Route("own"),
    "look_at_invitation": Route("nobody", {"token": "not a token"}),
    "accept_invitation": Route("nobody", {"token": "not a token"}),
    "list_tokens": Route("person"),
    "create_token": Route("person", {"name": "laptop"}),
    "delete_token": Route("mine"),
}


def _invitation(world: World) -> str:
    made, _ = invitations.invite(world.project, world.people["owner"], "viewer")
    return made.id


def _token(world: World) -> str:
    made, _ = services.create_token(world.people["owner"], "laptop")
    return made.id


OBJECTS = {
    "project_id": lambda world: world.project.id,
    "person_id": lambda world: world.people["member"].id,
    "invitation_id": _invitation,
    "token_id": _token,
}
