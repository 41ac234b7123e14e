"""`project:<id>`: what changes in a project, for its lists and the bar of running jobs."""

from accounts.access import access_project
from common.topics import register_topic

register_topic("project", lambda person, project_id: access_project(person, project_id, "view"))
