import { ModalsProvider } from '@mantine/modals';
import { Outlet, createRootRoute, createRoute, createRouter } from '@tanstack/react-router';
import { BASE_PATH } from '@/api';
import { AccountPage, InvitationPage, SignInPage } from '@/features/account';
import { BinPage } from '@/features/bin';
import { DatasetPage, DatasetsPage } from '@/features/datasets';
import { DesignerPage, NetworksPage, ReportPage, ZooPage } from '@/features/designer';
import { InspectPage } from '@/features/inspection';
import { ProjectsPage } from '@/features/projects';
import { StoragePage } from '@/features/storage';
import { CompareRunsPage, RunPage, RunsPage } from '@/features/training';
import { FrameLayout } from './frame/FrameLayout';
import { NotFound, PageError, PagePending } from './frame/PageStates';
import { OpenOnWork } from './OpenOnWork';

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

const signin = createRoute({
  getParentRoute: () => root,
  path: '/signin',
  component: SignInPage,
  validateSearch: (search: Record<string, unknown>): { next?: string } => {
    const next = text(search['next']);
    return next === undefined ? {} : { next };
  },
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: InvitationPage,
});

/** A page to print stands alone, without the frame. */
const report = createRoute({
  getParentRoute: () => root,
  path: '/networks/$networkId/report',
  component: ReportPage,
});

const frame = createRoute({ getParentRoute: () => root, id: 'frame', component: FrameLayout });
const inFrame = { getParentRoute: () => frame } as const;

const home = createRoute({ ...inFrame, path: '/', component: OpenOnWork });
const networks = createRoute({
  ...inFrame,
  path: '/networks',
  component: NetworksPage,
  validateSearch: ({ start, ...from }: Record<string, unknown>): NetworksSearch => {
    if (start === 'new' || start === 'import') return { start };
    if (start !== 'transfer') return {};
    return {
      start,
      ...optional('network', from),
      ...optional('zoo', from),
      ...optional('weights', from),
    };
  },
});
const network = createRoute({ ...inFrame, path: '/networks/$networkId', component: DesignerPage });
const zoo = createRoute({
  ...inFrame,
  path: '/networks/zoo',
  component: ZooPage,
  validateSearch: (search: Record<string, unknown>): ZooSearch => ({
    ...optional('task', search),
    ...optional('entry', search),
  }),
});
const data = createRoute({ ...inFrame, path: '/data', component: DatasetsPage });
const dataset = createRoute({
  ...inFrame,
  path: '/data/$datasetId',
  component: DatasetPage,
  validateSearch: (search: Record<string, unknown>): DatasetSearch => ({
    ...optional('tab', search),
    ...optional('label', search),
    ...optional('split', search),
    ...optional('state', search),
    ...optional('search', search),
    ...optional('item', search),
  }),
});
const runs = createRoute({ ...inFrame, path: '/runs', component: RunsPage });
const run = createRoute({ ...inFrame, path: '/runs/$runId', component: RunPage });
const compare = createRoute({
  ...inFrame,
  path: '/runs/compare',
  component: CompareRunsPage,
  validateSearch: (search: Record<string, unknown>): { a?: string; b?: string } => ({
    ...optional('a', search),
    ...optional('b', search),
  }),
});
const inspect = createRoute({
  ...inFrame,
  path: '/inspect',
  component: InspectPage,
  validateSearch: (search: Record<string, unknown>): InspectSearch => ({
    ...optional('run', search),
    ...optional('checkpoint', search),
    ...optional('item', search),
    ...optional('tab', search),
    ...optional('evaluation', search),
    ...optional('weights', search),
    ...optional('data', search),
  }),
});
const projects = createRoute({ ...inFrame, path: '/projects', component: ProjectsPage });
const account = createRoute({ ...inFrame, path: '/account', component: AccountPage });
const bin = createRoute({ ...inFrame, path: '/bin', component: BinPage });
const storage = createRoute({ ...inFrame, path: '/storage', component: StoragePage });
/** Any other address: said inside the frame, from where every room is one click away. */
const elsewhere = createRoute({ ...inFrame, path: '$', component: NotFound });

interface NetworksSearch {
  /** The dialog that is open. */
  start?: 'new' | 'import' | 'transfer';
  /** What is learned from: a network of the project, or one of the zoo and a set of its weights. */
  network?: string;
  zoo?: string;
  weights?: string;
}
interface DatasetSearch {
  tab?: string;
  label?: string;
  split?: string;
  state?: string;
  search?: string;
  item?: string;
}
interface ZooSearch {
  task?: string;
  entry?: string;
}
interface InspectSearch {
  run?: string;
  checkpoint?: string;
  item?: string;
  tab?: string;
  evaluation?: string;
  weights?: string;
  data?: string;
}

function optional<K extends string>(name: K, search: Record<string, unknown>): Partial<Record<K, string>> {
  const value = text(search[name]);
  const result: Partial<Record<K, string>> = {};
  if (value !== undefined) result[name] = value;
  return result;
}

export const router = createRouter({
  routeTree: root.addChildren([
    signin,
    invitation,
    report,
    frame.addChildren([
      home, networks, zoo, network, data, dataset, runs, compare, run, inspect, projects, account, bin,
      storage, elsewhere,
    ]),
  ]),
  // Dialogs are opened inside the router, so that what they show can navigate.
  InnerWrap: ({ children }) => <ModalsProvider>{children}</ModalsProvider>,
  defaultPreload: 'intent',
  defaultPendingMs: 200,
  defaultPendingComponent: PagePending,
  defaultErrorComponent: PageError,
  defaultNotFoundComponent: NotFound,
  basepath: BASE_PATH === '' ? '/' : BASE_PATH,
  scrollRestoration: true,
  // `?label=3` stays readable; the default JSON coding would quote every string.
  parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
  stringifySearch: (search) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(search)) {
      if (typeof value === 'string' && value !== '') query.set(name, value);
    }
    const joined = query.toString();
    return joined === '' ? '' : `?${joined}`;
  },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
