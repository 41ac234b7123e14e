import type { Role } from '@/api';

interface RoleChoice {
  value: Role;
  label: string;
  description: string;
}

/** From the most to the least; each may do what those below it may. */
export const ROLES: readonly RoleChoice[] = [
  { value: 'owner', label: 'Owner', description: 'Everything, including people and deletion' },
  { value: 'editor', label: 'Editor', description: 'Draws, brings in data, trains, inspects' },
  { value: 'labeler', label: 'Labeler', description: 'Sees everything and labels data' },
  { value: 'viewer', label: 'Viewer', description: 'Sees everything, changes nothing' },
];

export function isRole(value: string): value is Role {
  return ROLES.some((role) => role.value === value);
}
