import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { checkpointsQuery, runQuery, useRunRecord } from '@/features/training';
import { useDesigner, useDocument, usePreview } from '../state/DesignerContext';

const ENDED = ['succeeded', 'failed', 'stopped'];

/** Keeps the preview with what is drawn and, while a run is followed, with its newest weights. */
export function useLivePreview(): void {
  const { preview } = useDesigner();
  const document = useDocument();
  useEffect(() => preview.show(document), [preview, document]);
  useFollowedRun();
}

function useFollowedRun(): void {
  const { preview } = useDesigner();
  const isOn = usePreview((state) => state.isOn);
  const weights = usePreview((state) => state.weights);
  const runId = isOn && weights.kind === 'run' ? weights.run_id : null;
  const pick = weights.kind === 'run' ? weights.pick : 'last';
  const { data: run } = useQuery({ ...runQuery(runId ?? ''), enabled: runId !== null });
  const isGoing = run !== undefined && !ENDED.includes(run.state);
  useRunRecord(isGoing ? run : null);
  const { data: checkpoints } = useQuery({ ...checkpointsQuery(runId ?? ''), enabled: runId !== null });
  const newest = checkpoints?.find((each) => (pick === 'best' ? each.is_best : each.is_last))?.id;
  const shown = usePreview((state) => state.checkpoint?.id);
  const version = usePreview((state) => state.version);
  useEffect(() => {
    const isBehind = newest !== undefined && shown !== undefined && shown !== newest;
    if (runId !== null && isBehind && preview.state.checkpoint?.run_id === runId) preview.refresh();
  }, [preview, runId, newest, shown, version]);
}
