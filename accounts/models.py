"""People, the projects they share, and the ways to prove who one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from netloom.graph.document import new_id

if TYPE_CHECKING:
    from django.db.models.manager import RelatedManager


class PersonManager(BaseUserManager["Person"]):
    """Creates people; see `accounts.services.create_person` for what comes with one."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=self.normalize_email(email).lower(), **fields)
        if password is None:
            person.set_unusable_password()
        else:
            person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Someone who signs in. Without a usable password they come by link or token."""

    memberships: RelatedManager[Membership]
    api_tokens: RelatedManager[ApiToken]
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    email = models.EmailField(unique=True)
    last_project_id: str | None
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)
    theme = models.CharField(max_length=8, default="auto")
    last_project: models.ForeignKey[Project | None] = models.ForeignKey(
        "accounts.Project",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PersonManager] = PersonManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class Project(models.Model):
    """What people share: networks, datasets, runs and files belong to one project."""

    memberships: RelatedManager[Membership]
    invitations: RelatedManager[Invitation]
    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    deleted_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_purging = models.BooleanField(default=False)
    members = models.ManyToManyField(Person, through="accounts.Membership", related_name="projects")

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """From the most to the least powerful; see `accounts.access.ROLE_ACTIONS`."""

    OWNER = "owner"
    EDITOR = "editor"
    LABELER = "labeler"
    VIEWER = "viewer"


class Membership(models.Model):
    """A person's role in a project."""

    person_id: str
    project_id: str
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person", "project"], name="one_role_per_project")
        ]

    def __str__(self) -> str:
        return f"{self.person} is {self.role} of {self.project}"


class OneTimeSecret(models.Model):
    """Something a person holds a secret for; only the secret's hash is kept."""

    id = models.CharField(primary_key=True, max_length=32, default=new_id, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class Invitation(OneTimeSecret):
    """Whoever holds the link joins the project with this role, once."""

    project_id: str
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role.choices)
    email = models.EmailField(blank=True)
    created_by = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)


class SigninLink(OneTimeSecret):
    """Whoever holds the link is signed in as this person, once, within ten minutes."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class ApiToken(OneTimeSecret):
    """Lets a program act as a person: `Authorization: Bearer <token>`."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    last_used_at = models.DateTimeField(null=True, blank=True)


class SigninAttempt(models.Model):
    """A failed attempt to sign in, kept for the throttle's window."""

    key = models.CharField(max_length=80, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)


class Allowance(models.Model):
    """A limit that the operator has set for one person or one project; see `accounts.limits`."""

    limit = models.CharField(max_length=32)
    value = models.FloatField()
    person = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.CASCADE, related_name="allowances"
    )
    project_id: str | None
    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.CASCADE, related_name="allowances"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["limit", "person"],
                condition=models.Q(project=None),
                name="one_allowance_per_person",
            ),
            models.UniqueConstraint(
                fields=["limit", "project"],
                condition=models.Q(person=None),
                name="one_allowance_per_project",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.limit}={self.value:g}"
