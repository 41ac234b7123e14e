import { QueryObserver } from '@tanstack/react-query';
import { expect, it } from 'vitest';
import { FreshClient } from './freshClient';

it('does not take an answer from before a change for the newest', async () => {
  const client = new FreshClient({ defaultOptions: { queries: { retry: false } } });
  let saved = ['v1'];
  const answers: (() => void)[] = [];
  const observer = new QueryObserver(client, {
    queryKey: ['versions'],
    queryFn: () => {
      const read = saved;
      return new Promise<string[]>((resolve) => answers.push(() => resolve(read)));
    },
  });
  const leave = observer.subscribe(() => undefined);
  saved = ['v2', 'v1'];
  const told = client.invalidateQueries({ queryKey: ['versions'] });
  await new Promise((resolve) => setTimeout(resolve));
  answers.forEach((answer) => answer());
  await told;
  expect(observer.getCurrentResult().data).toEqual(['v2', 'v1']);
  leave();
});
