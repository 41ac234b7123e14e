import { PageHeader } from '@/ui';

export function RunsPage() {
  return <PageHeader title="Runs" />;
}
