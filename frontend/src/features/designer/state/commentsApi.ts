/** The comment endpoints. Each change answers with all threads of the network. */

import { http } from '@/api';

export interface Region {
  x: number;
  y: number;
  width_px: number;
  height_px: number;
}

export interface Comment {
  id: string;
  author: string | null;
  text: string;
  created_at: string;
  edited_at: string | null;
  is_deleted: boolean;
  can_edit: boolean;
  can_delete: boolean;
}

export interface Thread {
  id: string;
  scope: string | null;
  node_id: string | null;
  node_name: string;
  region: Region | null;
  is_orphan: boolean;
  is_resolved: boolean;
  resolved_by: string | null;
  can_resolve: boolean;
  comments: Comment[];
}

export interface ThreadList {
  threads: Thread[];
  can_comment: boolean;
}

export interface NewThread {
  text: string;
  node_id?: string;
  scope?: string | null;
  region?: Region;
}

export const listThreads = (networkId: string) =>
  http.get<ThreadList>(`/api/networks/${networkId}/comments`);

export const startThread = (networkId: string, thread: NewThread) =>
  http.post<ThreadList>(`/api/networks/${networkId}/comments`, thread);

export const replyTo = (commentId: string, text: string) =>
  http.post<ThreadList>(`/api/comments/${commentId}/replies`, { text });

export const changeComment = (commentId: string, change: { text?: string; is_resolved?: boolean }) =>
  http.patch<ThreadList>(`/api/comments/${commentId}`, change);

export const deleteComment = (commentId: string) =>
  http.delete<undefined>(`/api/comments/${commentId}`);
