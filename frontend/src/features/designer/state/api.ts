/** The network endpoints, one function each. */

import { http } from '@/api';
import { readOperation, parseDocument, parseOperations } from '../document/parse';
import {
  listOf,
  need,
  nullable,
  optional,
  readFields,
  readNumber,
  readString,
} from '../document/reader';
import type { Operation } from '../document/operations';
import { readLibraryBlock } from './libraryBlocks';
import type { Document } from '../document/types';
import type { SourcePlace, SourceProblem } from '../code/places';
import type {
  Analysis,
  Conflict,
  LayerDescription,
  LibraryBlock,
  Network,
  NetworkSample,
  NetworkSummary,
  RevisionOperations,
  SavedRevision,
  TemplateInfo,
  TemplatePreview,
  VersionSummary,
} from './contract';

export const listLayers = () => http.get<{ layers: LayerDescription[] }>('/api/layers');
export const listBlocks = async (): Promise<LibraryBlock[]> =>
  listOf(readLibraryBlock)(await http.get<unknown>('/api/blocks'), '');
export const listTemplates = () => http.get<TemplateInfo[]>('/api/templates');

export const previewTemplate = (template: string, datasetId: string | null) => {
  const query = datasetId === null ? '' : `?dataset_id=${encodeURIComponent(datasetId)}`;
  return http.get<TemplatePreview>(`/api/templates/${encodeURIComponent(template)}${query}`);
};

export const listNetworks = (projectId: string) =>
  http.get<NetworkSummary[]>(`/api/projects/${projectId}/networks`);

export interface NewNetwork {
  name: string;
  template?: string;
  dataset_id?: string;
  document?: Document;
}

export const createNetwork = (projectId: string, network: NewNetwork) =>
  http.post<Network>(`/api/projects/${projectId}/networks`, network);

export const getNetwork = (id: string) => http.get<Network>(`/api/networks/${id}`);

export const updateNetwork = (id: string, change: { name?: string; dataset_id?: string | null }) =>
  http.patch<Network>(`/api/networks/${id}`, change);

export const deleteNetwork = (id: string) => http.delete<undefined>(`/api/networks/${id}`);
export const restoreNetwork = (id: string) => http.post<Network>(`/api/networks/${id}/restore`);
export const duplicateNetwork = (id: string) => http.post<Network>(`/api/networks/${id}/duplicate`);

export interface SaveRequest {
  base_revision: number;
  operations: readonly Operation[];
  gesture: string;
  client_id: string;
}

export const saveOperations = (id: string, request: SaveRequest) =>
  http.post<SavedRevision>(`/api/networks/${id}/operations`, request);

/** What was saved after a revision, oldest first; much of it takes several questions. */
export const getSaves = async (id: string, since: number): Promise<RevisionOperations[]> => {
  const { saves } = await http.get<{ saves: unknown }>(`/api/networks/${id}/operations`, { since });
  return listOf(readRevision)(saves, 'saves');
};

export const analyzeDocument = (
  document: Document,
  datasetId: string | null,
  signal: AbortSignal,
) => http.post<Analysis>('/api/analysis', { document, dataset_id: datasetId }, signal);

export const migrateDocument = async (document: unknown): Promise<Document> =>
  parseDocument(await http.post<unknown>('/api/migrations', { document }));

export const generateCode = (document: Document, signal: AbortSignal) =>
  http.post<{ source: string; file_name: string }>('/api/code', { document }, signal);

/** What edited source says about a document. */
export interface CodeReading {
  readonly operations: readonly Operation[];
  readonly problems: readonly SourceProblem[];
  readonly places: readonly SourcePlace[];
  readonly is_complete: boolean;
}

export const readCode = async (
  document: Document,
  source: string,
  signal: AbortSignal,
): Promise<CodeReading> => {
  const answer = await http.post<Omit<CodeReading, 'operations'> & { operations: unknown }>(
    '/api/code/read',
    { document, source },
    signal,
  );
  return { ...answer, operations: parseOperations(answer.operations) };
};

export const generateNotebook = (document: Document) =>
  http.post<{ content: string; file_name: string }>('/api/notebook', { document });

export const listVersions = (id: string) =>
  http.get<VersionSummary[]>(`/api/networks/${id}/versions`);

export const createVersion = (id: string, name: string) =>
  http.post<VersionSummary>(`/api/networks/${id}/versions`, { name });

export const restoreVersion = (id: string, versionId: string) =>
  http.post<Network>(`/api/networks/${id}/versions/${versionId}/restore`);

export const getSample = (id: string) => http.get<NetworkSample>(`/api/networks/${id}/sample`);

/** Somebody's save, from a socket message or the answer to a conflict. */
export function readRevision(value: unknown, path: string): RevisionOperations {
  const fields = readFields(value, path);
  return {
    revision: need(fields, path, 'revision', readNumber),
    operations: need(fields, path, 'operations', listOf(readOperation)),
    client_id: optional(fields, path, 'client_id', readString, ''),
    author: optional(fields, path, 'author', nullable(readString), null),
  };
}

/** The `data` of a 409: the side this page has not seen. */
export function readConflict(data: Readonly<Record<string, unknown>>): Conflict {
  const fields = readFields(data, 'conflict');
  return {
    revision: need(fields, 'conflict', 'revision', readNumber),
    document: need(fields, 'conflict', 'document', parseDocument),
    operations_since: optional(fields, 'conflict', 'operations_since', listOf(readRevision), []),
  };
}
