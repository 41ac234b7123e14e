import { PageHeader } from '@/ui';

export function DatasetPage() {
  return <PageHeader title="Dataset" />;
}
