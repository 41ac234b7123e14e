import type { Job } from '@/api';
import { useActiveJobs } from '@/lib';

const IMPORT = 'datasets.import';

/** The import that is bringing images into a dataset now, started here or by someone else. */
export function useActiveImport(datasetId: string): Job | undefined {
  const { data: jobs } = useActiveJobs();
  return jobs?.find(({ kind, subject }) => kind === IMPORT && subject?.id === datasetId);
}
