import { PageHeader } from '@/ui';

export function CompareRunsPage() {
  return <PageHeader title="CompareRuns" />;
}
