import { queryOptions } from '@tanstack/react-query';
import {
  http, type AskableWeights, type EvaluatedItem, type Evaluation, type EvaluationSummary, type ExplainableLayer, type Explanation, type Page, type Prediction, type Run,
} from '@/api';

/** What is looked at: an image of the data, or one that was just uploaded. */
export type ImageChoice =
  | { type: 'item'; itemId: string; name: string; url: string }
  | { type: 'upload'; uploadId: string; name: string; url: string };

/** A trained network that can be asked: a checkpoint of a run, or weights that came with a file. */
export interface Asked {
  /** Names it in caches. */
  key: string;
  weights: { type: 'checkpoint'; checkpoint_id: string } | { type: 'weights'; weight_set_id: string };
  /** Where the API has it. */
  address: string;
  networkId: string;
  runId: string | null;
  /** Names of the outputs; empty where a file told none. */
  classes: readonly string[];
  projectId: string;
  /** Data to choose images from; null until somebody chooses some. */
  datasetId: string | null;
  canEdit: boolean;
}

export function askedRun(run: Run, checkpointId: string): Asked {
  return {
    key: checkpointId,
    weights: { type: 'checkpoint', checkpoint_id: checkpointId },
    address: `/api/checkpoints/${checkpointId}`,
    networkId: run.network_id,
    runId: run.id,
    classes: run.classes,
    projectId: run.project_id,
    datasetId: run.dataset_id,
    canEdit: run.can_edit,
  };
}

export function askedFile(found: AskableWeights, projectId: string, datasetId: string | null, canEdit: boolean): Asked {
  return {
    key: found.id,
    weights: { type: 'weights', weight_set_id: found.id },
    address: `/api/weights/${found.id}`,
    networkId: found.network_id,
    runId: null,
    classes: found.classes,
    projectId,
    datasetId,
    canEdit,
  };
}

export function choiceBody({ weights }: Asked, image: ImageChoice) {
  return image.type === 'item' ? { weights, item_id: image.itemId } : { weights, upload_id: image.uploadId };
}

export const choiceKey = (image: ImageChoice): string =>
  image.type === 'item' ? `item ${image.itemId}` : `upload ${image.uploadId}`;

/** What the network said, once the job has succeeded. */
export const predictionQuery = (jobId: string) =>
  queryOptions({
    queryKey: ['prediction', jobId],
    queryFn: ({ signal }) => http.get<Prediction>(`/api/predictions/${jobId}`, {}, signal),
    staleTime: Infinity,
  });

export const layersQuery = ({ key, address }: Asked) =>
  queryOptions({
    queryKey: ['layers', key],
    queryFn: ({ signal }) => http.get<ExplainableLayer[]>(`${address}/layers`, {}, signal),
    staleTime: Infinity,
  });

/** Weights that came with files, of networks of the project. */
export const askableWeightsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['askable weights', projectId],
    queryFn: ({ signal }) => http.get<AskableWeights[]>(`/api/projects/${projectId}/weights`, {}, signal),
  });

export const explanationQuery = (explanationId: string) =>
  queryOptions({
    queryKey: ['explanation', explanationId],
    queryFn: ({ signal }) => http.get<Explanation>(`/api/explanations/${explanationId}`, {}, signal),
    staleTime: Infinity,
  });

export const evaluationsQuery = (checkpointId: string) =>
  queryOptions({
    queryKey: ['evaluations', checkpointId],
    queryFn: ({ signal }) =>
      http.get<Page<EvaluationSummary>>('/api/evaluations', { checkpoint: checkpointId }, signal),
  });

export const evaluationQuery = (evaluationId: string) =>
  queryOptions({
    queryKey: ['evaluation', evaluationId],
    queryFn: ({ signal }) => http.get<Evaluation>(`/api/evaluations/${evaluationId}`, {}, signal),
    staleTime: Infinity,
  });

/** A cell of the confusion matrix; `null` means the worst of everything. */
export interface Cell {
  truth: number;
  predicted: number;
}

export function fetchEvaluatedItems(
  evaluationId: string,
  cell: Cell | null,
  cursor: string | null,
  signal: AbortSignal,
): Promise<Page<EvaluatedItem>> {
  const query = { true: cell?.truth, predicted: cell?.predicted, order: 'worst', cursor, limit: 60 };
  return http.get<Page<EvaluatedItem>>(`/api/evaluations/${evaluationId}/items`, query, signal);
}
