import { IconAlertCircle } from '@tabler/icons-react';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { Run, RunMetrics } from '@/api';
import { chooseProject } from '@/lib';
import { ButtonLink, PageHeader, ProblemPage } from '@/ui';
import { useRunLive, useRunQueries } from '../live/useRunLive';
import { runTitle } from '../words';
import { CurvesPanel } from './CurvesPanel';
import { RunActions } from './RunActions';
import classes from './RunPage.module.css';
import { SamplesPanel } from './SamplesPanel';
import { AboutPanel, LogPanel, NotesPanel, RecallPanel, ReproducePanel } from './SidePanels';
import { StatusStrip } from './StatusStrip';

const route = getRouteApi('/frame/runs/$runId');

export function RunPage() {
  const { runId } = route.useParams();
  const { run, metrics, error, refetch } = useRunQueries(runId);
  if (error && !run) {
    return <ProblemPage error={error} onRetry={() => void refetch()} back={<ButtonLink to="/runs">All runs</ButtonLink>} />;
  }
  if (!run || !metrics) return null;
  return <LiveRun key={run.id} loaded={run} metrics={metrics} />;
}

function LiveRun({ loaded, metrics }: { loaded: Run; metrics: RunMetrics }) {
  const { run, curves } = useRunLive(loaded, metrics);
  useEffect(() => chooseProject(run.project_id), [run.project_id]);
  useEffect(() => {
    document.title = `${runTitle(run)} · Netloom`;
    return () => {
      document.title = 'Netloom';
    };
  });
  return (
    <div className={classes.page}>
      <PageHeader
        above={
          <>
            <Link to="/runs">Runs</Link> / #{run.number}
          </>
        }
        title={runTitle(run)}
        meta={`${run.network_name} on ${run.dataset_name}`}
        actions={<RunActions run={run} />}
      />
      <div className={classes.body}>
        <StatusStrip run={run} />
        {run.failure && <FailurePanel run={run} failure={run.failure} />}
        <div className={classes.columns}>
          <div className={classes.column}>
            <CurvesPanel curves={curves} unfrozen={run.unfrozen} />
            <SamplesPanel run={run} />
            <LogPanel run={run} />
          </div>
          <div className={classes.column}>
            <RecallPanel run={run} />
            <AboutPanel run={run} />
            <ReproducePanel run={run} />
            <NotesPanel key={run.id} run={run} />
          </div>
        </div>
      </div>
    </div>
  );
}

function FailurePanel({ run, failure }: { run: Run; failure: NonNullable<Run['failure']> }) {
  return (
    <section className={classes.failure} aria-label="Why it failed">
      <IconAlertCircle size={18} aria-hidden />
      <div>
        <h2>{failure.message}</h2>
        <p>{failure.next_step}</p>
      </div>
      <ButtonLink to="/networks/$networkId" params={{ networkId: run.network_id }} size="xs" variant="default">
        Open the network
      </ButtonLink>
    </section>
  );
}
