import { PageHeader } from '@/ui';

export function RunPage() {
  return <PageHeader title="Run" />;
}
