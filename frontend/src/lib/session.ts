import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';
import { create } from 'zustand';
import { http, setCsrfToken, type ProjectRef, type Role, type Session } from '@/api';

export const SESSION_KEY = ['session'] as const;

async function fetchSession(): Promise<Session> {
  const session = await http.get<Session>('/api/session');
  setCsrfToken(session.csrf_token);
  return session;
}

export const sessionQuery = { queryKey: SESSION_KEY, queryFn: fetchSession, staleTime: 60_000 };

export function useSession() {
  return useQuery(sessionQuery);
}

/** Puts a session that the server just answered in place; its CSRF token is new as well. */
export function useAdoptSession() {
  const client = useQueryClient();
  return useCallback(
    (session: Session) => {
      setCsrfToken(session.csrf_token);
      client.setQueryData(SESSION_KEY, session);
    },
    [client],
  );
}

interface ChosenProject {
  projectId: string | null;
  choose: (projectId: string) => void;
}

const useChosenProject = create<ChosenProject>((set) => ({
  projectId: null,
  choose: (projectId) => set({ projectId }),
}));

/** Opens a project in every list of the app, and on the next visit. */
export function chooseProject(projectId: string): void {
  if (useChosenProject.getState().projectId === projectId) return;
  useChosenProject.getState().choose(projectId);
  // Remembering is a convenience: the page has already moved on when it fails.
  http.patch('/api/session', { last_project_id: projectId }).catch(() => undefined);
}

/** The project that is open: chosen on this page, or the last one, or the first there is. */
export function useProject(): ProjectRef | null {
  const { data: session } = useSession();
  const chosen = useChosenProject((state) => state.projectId);
  if (!session) return null;
  const byId = (id: string | null) => session.projects.find((project) => project.id === id);
  return byId(chosen) ?? byId(session.last_project_id) ?? session.projects[0] ?? null;
}

const RANK: Record<Role, number> = { viewer: 0, labeler: 1, editor: 2, owner: 3 };

export function roleAllows(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}
