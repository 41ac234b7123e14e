import { Button, Loader } from '@mantine/core';
import { IconPrinter } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useEffect, useMemo } from 'react';
import { formatBytes, formatCount, formatDateTime, plural } from '@/lib';
import { ProblemNotice } from '@/ui';
import { BudgetBar } from '../analysis/Budgets';
import { flopsText, perSample, scaled } from '../analysis/costs';
import { countLayers } from '../analysis/countLayers';
import { parseDocument } from '../document/parse';
import type { Document } from '../document/types';
import type { Catalog } from '../state/catalog';
import type { Analysis, Network } from '../state/contract';
import { networkQuery } from '../state/networkMeta';
import { useCatalog } from '../state/useCatalog';
import { DESIGNER_IDS } from '../testids';
import classes from './Report.module.css';
import { ReportPicture } from './ReportPicture';
import { ReportTable } from './ReportTable';

const DEFAULT_BATCH = 32;

/** The analysis of a saved network on paper: light in both themes, and nothing that is clicked. */
export function ReportPage() {
  const { networkId } = useParams({ from: '/networks/$networkId/report' });
  const network = useQuery({ ...networkQuery(networkId), staleTime: 0, refetchOnMount: 'always' });
  const { catalog, error: catalogError, refetch } = useCatalog();
  const error = network.error ?? catalogError;
  if (error !== null) {
    const retry = (): void => {
      void network.refetch();
      refetch();
    };
    return <ProblemNotice error={error} onRetry={retry} />;
  }
  if (network.data === undefined || !network.isFetchedAfterMount || catalog === null) {
    return <Loader size="sm" m="xl" aria-label="Preparing the report" />;
  }
  return <Report network={network.data} catalog={catalog} />;
}

function Report({ network, catalog }: { network: Network; catalog: Catalog }) {
  const { analysis, name } = network;
  const document = useMemo(() => parseDocument(network.document), [network.document]);
  useEffect(() => {
    const before = window.document.title;
    window.document.title = `${name} report`;
    return () => {
      window.document.title = before;
    };
  }, [name]);
  return (
    <main className={classes.desk}>
      <article className={classes.paper} data-paper data-testid={DESIGNER_IDS.report}>
        <header className={classes.head}>
          <div>
            <h1>{name}</h1>
            <p>
              Class {document.graph.name} · revision {network.revision} · saved{' '}
              {formatDateTime(network.updated_at)}
            </p>
          </div>
          <Button
            className={classes.print}
            leftSection={<IconPrinter size={16} />}
            onClick={() => window.print()}
          >
            Print
          </Button>
        </header>
        <Totals analysis={analysis} document={document} catalog={catalog} />
        <ReportBudgets analysis={analysis} />
        <Problems analysis={analysis} document={document} />
        <ReportPicture document={document} analysis={analysis} catalog={catalog} />
        <ReportTable document={document} analysis={analysis} catalog={catalog} />
        <footer className={classes.foot}>
          Costs are {perSample(analysis.totals)}, as float32; a multiply-add is two FLOPs. Training memory counts weights,
          gradients, Adam and activations, without the program itself.
        </footer>
      </article>
    </main>
  );
}

interface TotalsProps {
  readonly analysis: Analysis;
  readonly document: Document;
  readonly catalog: Catalog;
}

function Totals({ analysis, document, catalog }: TotalsProps) {
  const { totals } = analysis;
  const batch = document.view.budgets?.['batch_size'] ?? DEFAULT_BATCH;
  const training = totals.training_fixed_bytes + batch * totals.training_sample_bytes;
  const facts: readonly (readonly [string, string])[] = [
    ['Layers', formatCount(countLayers(document.graph, catalog))],
    ['Parameters', formatCount(totals.parameters)],
    ['Trainable', formatCount(totals.trainable_parameters)],
    ['Weights', formatBytes(totals.parameter_bytes)],
    ['Compute', flopsText(totals.flops)],
    ['Multiply-adds', scaled(totals.macs).trim()],
    ['Activations', formatBytes(totals.activation_bytes)],
    [`Training, batch ${String(batch)}`, formatBytes(training)],
  ];
  return (
    <dl className={classes.totals}>
      {facts.map(([title, value]) => (
        <div key={title}>
          <dt>{title}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function ReportBudgets({ analysis }: { analysis: Analysis }) {
  const uses = analysis.budgets ?? [];
  if (uses.length === 0) return null;
  return (
    <section className={classes.section}>
      <h2>Budgets</h2>
      <ul className={classes.budgets}>
        {uses.map((use) => (
          <li key={use.budget}>
            <BudgetBar use={use} /> {use.is_kept ? 'kept' : 'exceeded'}
          </li>
        ))}
      </ul>
    </section>
  );
}

const labelled = (name: string | undefined): string => (name === undefined ? '' : `${name}: `);

function Problems({ analysis, document }: { analysis: Analysis; document: Document }) {
  const { diagnostics } = analysis;
  if (diagnostics.length === 0) return null;
  const { nodes, blocks } = document.graph;
  const nameOf = (scope: string | null | undefined, nodeId: string | null | undefined) =>
    nodeId == null ? undefined : (scope == null ? nodes : blocks[scope]?.nodes)?.[nodeId]?.name;
  return (
    <section className={classes.section}>
      <h2>{plural(diagnostics.length, 'problem')}</h2>
      <ul className={classes.problems}>
        {diagnostics.map((problem, index) => (
          <li key={index} data-severity={problem.severity}>
            <b>{problem.severity}</b> {labelled(nameOf(problem.scope, problem.node_id))}
            {problem.message}
          </li>
        ))}
      </ul>
    </section>
  );
}
