import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { useEffect } from 'react';
import { setSignedOutHandler } from '@/api';
import { SESSION_KEY } from '@/lib';
import { cssVariablesResolver, theme } from '@/ui';
import { queryClient } from './queryClient';
import { router } from './router';

export function App() {
  useEffect(() => {
    // The frame shows the sign-in page once the session says that nobody is signed in.
    setSignedOutHandler(() => void queryClient.invalidateQueries({ queryKey: SESSION_KEY }));
  }, []);
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariablesResolver}
      defaultColorScheme="auto"
    >
      <QueryClientProvider client={queryClient}>
        <Notifications position="bottom-right" autoClose={6000} limit={4} />
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}
