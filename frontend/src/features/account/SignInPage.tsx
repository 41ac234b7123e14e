import { PageHeader } from '@/ui';

export function SignInPage() {
  return <PageHeader title="SignIn" />;
}
