import type { ProjectRef } from '@/api';

type Named = Pick<ProjectRef, 'id' | 'name' | 'role' | 'owner'>;

/** Whether another project has the same name, as every first project has. */
export function isAmbiguous(project: Named, all: readonly Named[]): boolean {
  return all.some(({ id, name }) => id !== project.id && name === project.name);
}

/** What tells projects of one name apart: whose it is. */
export function whose({ role, owner }: Named): string {
  return role === 'owner' || owner === '' ? `as ${role}` : `of ${owner}, as ${role}`;
}
