"""What the API says about people and projects."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from common.ids import Id

RoleName = Literal["owner", "editor", "labeler", "viewer"]
Title = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Email = Annotated[str, StringConstraints(max_length=254, strip_whitespace=True)]
Token = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class PersonOut(Schema):
    id: str
    name: str
    email: str
    theme: str
    has_password: bool


class ProjectRef(Schema):
    """A project of the person; `owner` tells equal names apart."""

    id: str
    name: str
    role: RoleName
    owner: str


class Installation(Schema):
    version: str
    name: str


class SessionOut(Schema):
    """Who is signed in, and the token that unsafe requests carry as X-CSRFToken."""

    person: PersonOut | None
    csrf_token: str
    projects: list[ProjectRef]
    installation: Installation
    last_project_id: str | None


class SigninByLink(Schema):
    token: Token


class SigninByPassword(Schema):
    email: Email
    password: Password


class SessionPatch(Schema):
    name: Title | None = None
    password: Password | None = None
    current_password: Password | None = None
    last_project_id: Id | None = None
    theme: Literal["auto", "light", "dark"] | None = None


class ProjectOut(Schema):
    id: str
    name: str
    role: RoleName
    created_at: datetime
    num_networks: int = 0
    num_datasets: int = 0
    num_runs: int = 0


class ProjectList(Schema):
    items: list[ProjectOut]
    total: int
    next: str | None = None


class ProjectIn(Schema):
    name: Title


class MemberOut(Schema):
    person_id: str
    name: str
    email: str
    role: RoleName
    joined_at: datetime


class MemberList(Schema):
    items: list[MemberOut]
    total: int
    next: str | None = None


class MemberPatch(Schema):
    role: RoleName


class InvitationIn(Schema):
    role: RoleName = "viewer"
    email: Email = ""


class InvitationOut(Schema):
    id: str
    role: RoleName
    email: str
    inviter_name: str
    created_at: datetime
    expires_at: datetime
    url: str | None = Field(None, description="The link, told once when it is made.")


class InvitationToken(Schema):
    token: Token


class InvitationLook(Schema):
    """What the holder of a valid link is told before joining."""

    project_name: str
    inviter_name: str
    role: RoleName
    email: str
    expires_at: datetime


class InvitationList(Schema):
    items: list[InvitationOut]
    total: int
    next: str | None = None


class InvitationAccept(Schema):
    token: Token
    name: Title | None = None
    email: Email | None = None
    password: Password | None = None


class ApiTokenIn(Schema):
    name: Title


class ApiTokenOut(Schema):
    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    token: str | None = Field(None, description="The token, told once when it is made.")


class ApiTokenList(Schema):
    items: list[ApiTokenOut]
    total: int
    next: str | None = None
