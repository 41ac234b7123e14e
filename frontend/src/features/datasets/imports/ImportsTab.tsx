import { useQuery } from '@tanstack/react-query';
import type { Dataset } from '@/api';
import { formatDateTime } from '@/lib';
import { Panel, ProblemNotice } from '@/ui';
import { importsQuery } from '../api';
import pageClasses from '../DatasetPage.module.css';
import { ImportReportView } from './ImportReportView';

/** The reports of the latest imports, newest first. */
export function ImportsTab({ dataset }: { dataset: Dataset }) {
  const { data: reports, error } = useQuery(importsQuery(dataset.id));
  return (
    <div className={pageClasses.panels}>
      {error && <ProblemNotice error={error} />}
      {reports?.length === 0 && <p className={pageClasses.muted}>Nothing was brought in yet.</p>}
      {reports?.map((report) => (
        <Panel key={report.id} title={`${formatDateTime(report.created_at)}, ${report.source}`}>
          {report.state === 'succeeded' ? (
            <ImportReportView report={report} />
          ) : (
            <p className={pageClasses.muted}>This import is {report.state}.</p>
          )}
        </Panel>
      ))}
    </div>
  );
}
