import { queryOptions } from '@tanstack/react-query';
import {
  http, type EvaluatedItem, type Evaluation, type EvaluationSummary, type ExplainableLayer, type Explanation, type Page,
} from '@/api';

/** What is looked at: an image of the data, or one that was just uploaded. */
export type ImageChoice =
  | { type: 'item'; itemId: string; name: string; url: string }
  | { type: 'upload'; uploadId: string; name: string; url: string };

export function choiceBody(checkpointId: string, image: ImageChoice) {
  return image.type === 'item'
    ? { checkpoint_id: checkpointId, item_id: image.itemId }
    : { checkpoint_id: checkpointId, upload_id: image.uploadId };
}

export const choiceKey = (image: ImageChoice): string =>
  image.type === 'item' ? `item ${image.itemId}` : `upload ${image.uploadId}`;

export interface ClassProbability {
  index: number;
  name: string;
  value: number;
}

export interface Prediction {
  probabilities: ClassProbability[];
  /** The image as the network receives it. */
  imageUrl: string;
  seconds: number;
}

export const layersQuery = (checkpointId: string) =>
  queryOptions({
    queryKey: ['layers', checkpointId],
    queryFn: ({ signal }) => http.get<ExplainableLayer[]>(`/api/checkpoints/${checkpointId}/layers`, {}, signal),
    staleTime: Infinity,
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
