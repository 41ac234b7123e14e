import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { asProblem } from '@/api';
import { listThreads, type Thread } from '../state/commentsApi';
import { useDesigner, useSaver } from '../state/DesignerContext';

export const commentsKey = (networkId: string) => ['network-comments', networkId];

/** Threads of the open network; asked for again when a layer may be gone. */
export function useThreads() {
  const { networkId } = useDesigner();
  const revision = useSaver((state) => state.revision);
  const { data, error } = useQuery({
    queryKey: [...commentsKey(networkId), revision],
    queryFn: () => listThreads(networkId),
    placeholderData: (previous) => previous,
  });
  return { threads: data?.threads ?? [], canComment: data?.can_comment ?? false, data, error };
}

/** Do something about a comment; what went wrong is said. */
export function useCommentAction<T>(act: (input: T) => Promise<unknown>, onDone?: () => void) {
  const { networkId, editor } = useDesigner();
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: commentsKey(networkId) });
      onDone?.();
    },
    onError: (error) => editor.say(asProblem(error).message),
  });
}

/** What a thread is about, in words. */
export function placeText(thread: Thread): string {
  if (thread.region !== null) return 'a region';
  return thread.is_orphan ? `${thread.node_name}, a deleted layer` : thread.node_name;
}
