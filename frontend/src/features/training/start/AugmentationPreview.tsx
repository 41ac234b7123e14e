import { Button } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { http, type Job, type Network, type RunConfig } from '@/api';
import { isOver, useJob } from '@/lib';
import { ProblemNotice } from '@/ui';
import { isAugmented } from './presentation';
import { previewInput } from './previewInput';
import classes from './StartRunDialog.module.css';

interface AugmentationPreviewProps {
  config: RunConfig;
  network: Network;
  datasetId: string;
}

/** Real images as training would see them with these settings. */
export function AugmentationPreview({ config, network, datasetId }: AugmentationPreviewProps) {
  const input = previewInput(network);
  const request = useMutation({
    mutationFn: () =>
      http.post<Job>(`/api/datasets/${datasetId}/augmentation-preview`, {
        augmentation: config.augmentation,
        input,
      }),
    meta: { showsOwnError: true },
  });
  const { data: job } = useJob(request.data?.id ?? null);
  const images = job?.state === 'succeeded' ? job.result?.['images'] : undefined;
  const urls = Array.isArray(images) ? images.map(String) : [];
  const isWorking = request.isPending || (request.data !== undefined && (job === undefined || !isOver(job)));
  return (
    <div className={classes.preview}>
      <div className={classes.previewImages}>
        {urls.map((url, index) => (
          <img key={`${String(index)} ${url.slice(-24)}`} src={url} alt={`Augmented sample ${String(index + 1)}`} />
        ))}
      </div>
      {request.error && <ProblemNotice error={request.error} />}
      <Button
        size="xs"
        variant="default"
        loading={isWorking}
        disabled={!input || !isAugmented(config)}
        onClick={() => request.mutate()}
      >
        {isAugmented(config) ? 'Show real samples with these settings' : 'Change something to see it on real samples'}
      </Button>
    </div>
  );
}
