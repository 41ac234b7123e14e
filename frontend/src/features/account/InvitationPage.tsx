import { PageHeader } from '@/ui';

export function InvitationPage() {
  return <PageHeader title="Invitation" />;
}
