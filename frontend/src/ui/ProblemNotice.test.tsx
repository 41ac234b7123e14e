import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';
import { Problem } from '@/api/problem';
import { ProblemNotice } from './ProblemNotice';

const inBin = (kind: string, canRestore: boolean) =>
  new Problem(404, {
    code: 'in_bin',
    detail: 'My photos is in the bin.',
    data: { kind, id: 'd1', name: 'My photos', deleted_at: new Date().toISOString(), can_restore: canRestore },
  });

function show(error: Problem): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', (path: string, { method }: RequestInit) => {
    if (method === 'POST') asked.push(path);
    return Promise.resolve(Response.json({ csrf_token: 't' }));
  });
  render(
    <QueryClientProvider client={new QueryClient()}>
      <MantineProvider>
        <ProblemNotice error={error} />
      </MantineProvider>
    </QueryClientProvider>,
  );
  return asked;
}

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

test.each([
  ['dataset', '/api/datasets/d1/restore'],
  ['project', '/api/bin/projects/d1/restore'],
])('a %s in the bin is told with its way back', async (kind, path) => {
  const asked = show(inBin(kind, true));
  expect(screen.getByText('My photos is in the bin.')).toBeTruthy();
  expect(screen.getByText('Deleted just now.')).toBeTruthy();
  await userEvent.click(screen.getByRole('button', { name: 'Put back' }));
  await waitFor(() => expect(asked).toEqual([path]));
});

test('who may not put it back is not offered to', () => {
  show(inBin('dataset', false));
  expect(screen.getByText('My photos is in the bin.')).toBeTruthy();
  expect(screen.queryByRole('button')).toBeNull();
});
