import { PageHeader } from '@/ui';

export function DatasetsPage() {
  return <PageHeader title="Datasets" />;
}
