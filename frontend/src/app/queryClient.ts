import { notifications } from '@mantine/notifications';
import { MutationCache } from '@tanstack/react-query';
import { OFFLINE, Problem, asProblem } from '@/api';
import { FreshClient } from './freshClient';

/** An answer that will not change by asking again: refusals, and 503, after which `http` has asked again. */
function isFinal(error: unknown): boolean {
  return error instanceof Problem && ((error.status >= 400 && error.status < 500) || error.status === 503);
}

export const queryClient = new FreshClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => !isFinal(error) && count < 3,
      retryDelay: (attempt) => Math.min(500 * 2 ** attempt, 8_000),
      refetchOnWindowFocus: true,
    },
  },
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, mutation) => {
      if (mutation.meta?.['showsOwnError'] === true) return;
      const problem = asProblem(error);
      notifications.show({
        id: problem.code === OFFLINE ? OFFLINE : undefined,
        color: 'red',
        title: problem.message,
        message: problem.nextStep,
      });
    },
  }),
});
